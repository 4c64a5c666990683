"""The driver's eye on the store, whatever goes wrong beside it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from mlbench.records import Store, encode
from mlbench.runner import run_suites
from mlbench.runner.monitoring.monitor import Monitor
from mlbench.runner.monitoring.reporters import Silent
from mlbench.runner.monitoring.tally import Tally
from mlbench.runner.scheduling.job import CellTask, RunJob
from tests.runner.conftest import MakeOptions, MakeSuite
from tests.runner.test_interruption import wait_until


def fail(task: CellTask) -> None:
    error = {"class": "error", "message": "boom", "traceback": ""}
    task.store.write({**task.record(), "status": "failed", "error": error})


class Gone(Silent):
    """Shows something to a pipe that nobody reads."""

    def finished(self, record: Mapping[str, Any], tally: Tally) -> None:
        raise BrokenPipeError("nobody reads")


class Slow(Silent):
    def update(self, tally: Tally) -> None:
        time.sleep(0.3)


class Listening(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_a_reporter_that_fails_costs_no_more_than_the_show(job: RunJob) -> None:
    with Monitor(replace(job, fail_fast=True), Gone()) as monitor:
        fail(job.tasks[0])
        wait_until(lambda: not job.run_lock.taking(), 10)
        fail(job.tasks[1])
        wait_until(lambda: monitor.tally.finished == 2, 10)
    assert "--fail-fast" in monitor.reason


def test_a_run_that_nobody_sees_says_so_at_the_end(
    suite: MakeSuite, options: MakeOptions, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_suites([suite("done")], options(), Gone()).exit_code == 0
    said = capfd.readouterr().err
    assert "1 done" in said
    assert "not all of the run could be shown: BrokenPipeError: nobody reads" in said


def test_a_record_that_cannot_be_read_is_said_once_and_looked_at_again(job: RunJob) -> None:
    shown, [broken, whole] = Listening(), job.tasks
    with Monitor(job, shown) as monitor:
        broken.store.cell_file(broken.id).write_text('{"schema": 1')
        fail(whole)
        wait_until(lambda: monitor.tally.finished == 1 and bool(shown.notes), 10)
        fail(broken)
        wait_until(lambda: monitor.tally.finished == 2, 10)
    assert [str(broken.store.cell_file(broken.id)) in note for note in shown.notes] == [True]


def test_a_record_of_another_shape_is_no_end(job: RunJob) -> None:
    shown, [odd, whole] = Listening(), job.tasks
    with Monitor(job, shown) as monitor:
        text = encode(
            {**odd.record(), "status": "failed", "error": {"class": "error", "message": ""}, "cell": 3}
        )
        odd.store.cell_file(odd.id).write_text(text, encoding="utf-8")
        wait_until(lambda: bool(shown.notes), 10)
        fail(whole)
        wait_until(lambda: monitor.tally.finished == 1, 10)


def test_the_run_has_its_heartbeat_however_long_showing_it_takes(
    job: RunJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlbench.runner.monitoring.monitor.HEARTBEAT", 0.1)
    store: Store = job.run_lock.store
    [keep] = store.locks_folder.glob("run-*.keep")
    times = set()
    with Monitor(job, Slow()):
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            times.add(keep.stat().st_mtime_ns)
            time.sleep(0.02)
    assert len(times) > 5
