"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlbench.registry import REGISTRIES

ROOT = str(Path(__file__).parents[1])

# Before torch is imported: a process that has computed with several threads cannot be forked, as some tests do, and two
# test processes on two cores have one each.
os.environ["OMP_NUM_THREADS"] = "1"


def pytest_configure() -> None:
    """Processes that tests start find this package too, whose cells and plugins they are given: with a safe path the
    folder that they are started in is not looked at."""
    rest = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = f"{ROOT}{os.pathsep}{rest}" if rest else ROOT


def pytest_collection_finish() -> None:
    """A file of tests that registers something while it is imported adds it to what other tests try."""
    registered = [name for registry in REGISTRIES for name in registry._plugins]
    assert not registered, f"registered by the import of a test: {registered}; load it in a test or a fixture"


@pytest.fixture(autouse=True)
def registered_as_before() -> Iterator[None]:
    """What a test registers is not registered in the next one."""
    before = [dict(registry._plugins) for registry in REGISTRIES]
    yield
    for registry, plugins in zip(REGISTRIES, before, strict=True):
        registry._plugins = plugins


@pytest.fixture
def data_root() -> Path:
    """The folder of real datasets that `$MLBENCH_DATA` names; the test is skipped where it names none."""
    folder = os.environ.get("MLBENCH_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("MLBENCH_DATA does not name a folder of datasets")
    return Path(folder).resolve()


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test session's caches lie in a folder of its own, so that no test reads what another run left; and
    no test asks the network for anything."""
    monkeypatch.setenv("MLBENCH_OFFLINE", "1")
    monkeypatch.setenv("MLBENCH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
