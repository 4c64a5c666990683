"""A worker that waits for another process, and one that does not end."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mlbench.records import Store
from mlbench.runner import run_suites
from mlbench.runner.worker import process
from mlbench.runner.worker.attempt import Done, Failed, Limits, attempt
from mlbench.runner.worker.process import WorkerProcess
from tests.runner.conftest import MakeOptions, MakeSuite
from tests.runner.test_run import nothing_is_left, starts


class Told:
    """A worker that says these words, 0.2 s apart, and computes nothing."""

    pid, alive, stuck = 1, True, False

    def __init__(self, *words: dict[str, Any]) -> None:
        self._words = words

    def messages(self, _patience: float) -> Iterator[dict[str, Any] | None]:
        for word in self._words:
            time.sleep(0.2)
            yield word
        while True:
            time.sleep(0.01)
            yield None

    def processor_time(self) -> float:
        return 0.0

    def quiet(self) -> None: ...
    def send(self, message: Mapping[str, Any]) -> None: ...
    def kill(self) -> None: ...


def watched(*words: dict[str, Any]) -> tuple[Any, list[Mapping[str, Any]]]:
    """How an attempt with half a second of patience ended, and the progress that was shown."""
    shown: list[Mapping[str, Any]] = []
    told: Any = Told(*words)
    return attempt(told, {}, Limits(None, None, patience=0.5), shown.append, lambda: True), shown


def test_one_that_waits_for_another_does_not_hang() -> None:
    ended, shown = watched(*[{"event": "waiting", "what": "vectors"}] * 5, {"event": "done"})
    assert ended == Done()
    assert {"phase": "waits", "for": "vectors"} in shown
    ended, _ = watched({"event": "waiting", "what": "vectors"})
    assert isinstance(ended, Failed)
    assert ended.message.startswith("hung: ")


class Stuck(WorkerProcess):
    """Ends when it is killed, and does not seem to."""

    def kill(self) -> None:
        super().kill()
        self.stuck = True


def test_a_kill_that_does_not_end_a_process_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "REAP", 0.1)
    handshake = {"threads": 1}
    made = WorkerProcess(handshake, {}, tmp_path)
    real = made._process.wait

    def never(timeout: float | None = None) -> int:
        assert timeout is not None, "without a limit it would wait for ever"
        raise subprocess.TimeoutExpired("worker", timeout)

    monkeypatch.setattr(made._process, "wait", never)
    assert made._how_it_ended().endswith("does not end")
    made.close()
    assert (made.alive, made.stuck) == (False, True)
    real()


@pytest.mark.parametrize("waits", [False, True])
def test_a_slot_whose_worker_does_not_end_ends_and_says_why(
    suite: MakeSuite, options: MakeOptions, log: Path, monkeypatch: pytest.MonkeyPatch, waits: bool
) -> None:
    """Whether it was killed in a cell, or dismissed after one for another with more threads."""
    monkeypatch.setattr("mlbench.runner.scheduling.supervisor.WorkerProcess", Stuck)
    one = suite("done" if waits else "hang", threads=1)
    other = suite("warn", name="others", threads=2)
    settings = options(time_limit=0.5)
    summary = run_suites([one, other], settings)
    assert (summary.done, summary.failed, summary.missing) == ((1, 0, 1) if waits else (0, 1, 1))
    assert "was killed and has not ended for 30 s" in summary.reason
    assert summary.exit_code == 1
    assert len(starts(log)) == 1
    assert nothing_is_left(settings)
    assert len(Store(settings.results / "toys").ids()) == 1
