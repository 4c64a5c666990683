"""A run that ends with cells missing says why: its lock or its folder gone, another copy of mlbench, a lost cluster."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mlbench.runner import RunOptions, run_suites
from mlbench.runner.scheduling.job import RunJob
from mlbench.runner.scheduling.supervisor import foreign, supervise
from tests.runner.conftest import MakeOptions, MakeSuite
from tests.runner.driver import start
from tests.runner.test_interruption import end, wait_until


@contextlib.contextmanager
def once_it_runs(settings: RunOptions, act: Callable[[Path], object]) -> Iterator[None]:
    """Have `act` done to the suite's folder when its first cell has finished."""
    folder = settings.results / "toys"

    def wait() -> None:
        wait_until(lambda: any((folder / "cells").glob("*.json")), 60)
        act(folder)

    thread = threading.Thread(target=wait)
    thread.start()
    yield
    thread.join()


def remove_locks(folder: Path) -> None:
    for file in (folder / "locks").glob("run-*"):
        file.unlink()


@pytest.mark.parametrize(
    ("act", "words"),
    [(remove_locks, "lock"), (lambda folder: shutil.move(folder, f"{folder}-moved"), "gone")],
)
def test_what_went_is_said(
    suite: MakeSuite, options: MakeOptions, act: Callable[[Path], object], words: str
) -> None:
    settings = options()
    with once_it_runs(settings, act):
        summary = run_suites([suite(*[("sleep", 0.3 + n / 100) for n in range(8)])], settings)
    assert summary.missing > 0
    assert summary.exit_code == 1
    assert words in summary.reason


def test_a_slot_of_another_copy_takes_no_cell(job: RunJob, monkeypatch: pytest.MonkeyPatch) -> None:
    assert foreign(job) == ""
    monkeypatch.setattr("os.getpid", lambda: 1)
    monkeypatch.setattr("os.getppid", lambda: 1)
    object.__setattr__(job, "code", "0.0.9, training 1, abc")
    assert "install the same on all hosts" in foreign(job)
    assert "ended without a cell" in str(supervise(job))


def test_a_slot_that_does_not_see_the_folder_says_so(job: RunJob) -> None:
    shutil.rmtree(job.run_lock.store.locks_folder)
    assert "must be on a file system that all hosts" in str(supervise(job))


@pytest.fixture
def heard() -> Iterator[None]:
    """A dropped connection means something again where these tests themselves run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("heard")
def test_a_dropped_connection_checkpoints_and_stops(tmp_path: Path, log: Path) -> None:
    driver = start(tmp_path / "results", [["sleep", 0.5 + n / 100] for n in range(20)], jobs=1)
    wait_until(lambda: "start" in log.read_text(), 120)
    os.kill(driver.pid, signal.SIGHUP)
    code, summary = end(driver, log)
    assert code == 128 + signal.SIGHUP
    assert summary["missing"] > 0


def test_a_dropped_connection_is_ignored_under_nohup(tmp_path: Path, log: Path) -> None:
    driver = start(tmp_path / "results", [["sleep", 0.2], ["sleep", 0.3]], before=["nohup"], jobs=1)
    wait_until(lambda: "start" in log.read_text(), 120)
    os.kill(driver.pid, signal.SIGHUP)
    time.sleep(0.1)
    code, summary = end(driver, log)
    assert (code, summary["done"]) == (0, 2)
