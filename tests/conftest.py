"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = str(Path(__file__).parents[1])


def pytest_configure() -> None:
    """Processes that tests start find this package too, whose cells and plugins they are given: with a safe path the
    folder that they are started in is not looked at."""
    rest = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = f"{ROOT}{os.pathsep}{rest}" if rest else ROOT


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
