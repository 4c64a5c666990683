"""A disk that fills up, a file system that is read-only: a clear error, and what is there stays whole."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlbench.errors import DataError
from mlbench.records import Store, load_records
from mlbench.runner import run_suites, status
from tests.runner.conftest import MakeOptions, MakeSuite
from tests.runner.driver import start
from tests.runner.test_interruption import end, left


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 KB, where this process may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a file system is not permitted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_fills_up(small_disk: Path, suite: MakeSuite, options: MakeOptions) -> None:
    settings = options(results=small_disk / "results")
    assert run_suites([suite("done")], settings).exit_code == 0
    before = {file: file.read_bytes() for file in (settings.results / "toys").rglob("*.json")}
    summary = run_suites([suite("done", ("large", 200_000.0), "warn")], settings)
    assert summary.exit_code == 1
    assert "No space left on device" in summary.reason
    assert "what was written earlier is intact" in summary.reason
    assert (summary.done, summary.missing, summary.failed) == (1, 2, 0)
    assert {file: file.read_bytes() for file in (settings.results / "toys").rglob("*.json")} == before
    assert left(settings.results) == []
    assert run_suites([suite("done", "warn")], settings).exit_code == 0


def test_a_disk_with_no_room_at_all(small_disk: Path, suite: MakeSuite, options: MakeOptions) -> None:
    settings = options(results=small_disk / "results")
    Store(settings.results / "toys").prepare()
    with pytest.raises(OSError, match="No space left"):
        (small_disk / "filling").write_bytes(bytes(10**6))
    with pytest.raises(DataError, match="No space left on device"):
        run_suites([suite("done")], settings)
    (small_disk / "filling").unlink()
    assert left(settings.results) == []


def test_a_read_only_file_system(small_disk: Path, suite: MakeSuite, options: MakeOptions) -> None:
    settings = options(results=small_disk / "results")
    assert run_suites([suite("done")], settings).exit_code == 0
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(DataError, match="Read-only file system"):
        run_suites([suite("done", "warn")], settings)
    assert run_suites([suite("done")], settings).exit_code == 0
    assert status(settings.results).suites[0].done == 1
    assert len(load_records(settings.results)) == 1


@pytest.mark.slow
def test_a_limit_on_the_size_of_files(tmp_path: Path, log: Path) -> None:
    """As a quota would: what fits is written, what does not is an error."""
    results = tmp_path / "results"
    acts: list[object] = ["done"]
    assert end(start(results, acts, engine="sequential"), log)[0] == 0
    before = {file: file.read_bytes() for file in (results / "toys" / "cells").iterdir()}
    driver = start(results, [*acts, "warn"], ["prlimit", "--fsize=1500"], engine="sequential")
    code, summary = end(driver, log)
    assert code == 1
    assert "could not be written" in summary["reason"]
    assert (summary["done"], summary["missing"], summary["failed"]) == (1, 1, 0)
    assert {file: file.read_bytes() for file in (results / "toys" / "cells").iterdir()} == before
    assert left(results) == []
