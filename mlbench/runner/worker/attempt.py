"""One attempt at a cell: the request to the worker, the limits it must keep, and how it ended."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mlbench.runner.worker.process import Stall, WorkerDiedError, WorkerProcess

POLL = 0.1
"""Seconds between two checks of a worker that says nothing."""
GRACE = 60.0
"""Seconds that a worker which was told to stop has for its checkpoint."""
PATIENCE = 600.0
"""Seconds without a message and without processor time after which a worker hangs."""


@dataclass(frozen=True)
class Done:
    """The worker has written the record."""


@dataclass(frozen=True)
class Stopped:
    """The cell was stopped: it is as if it had never been started, or stands at its last checkpoint."""


@dataclass(frozen=True)
class Unwritable:
    """The results cannot be written; no cell's fault."""

    message: str


@dataclass(frozen=True)
class Unusable:
    """The worker cannot compute on the slot's device; no cell's fault."""

    message: str
    full: bool
    """Whether others hold all of its memory."""


@dataclass(frozen=True)
class Failed:
    """The cell has no result."""

    error_class: str
    message: str
    traceback: str
    """These three as in the record's `error`."""
    how: Literal["raised", "died", "killed"]
    """Whether the cell raised it, or its worker died of it or was killed for it."""
    progress: Mapping[str, Any]
    """How far the cell was."""
    rows: int | None = None
    """The rows that it trains on; None where it failed before they were known."""


Outcome = Done | Stopped | Unwritable | Unusable | Failed


@dataclass(frozen=True)
class Limits:
    """What one cell may take."""

    time: float | None
    """Seconds after which it should stop by itself."""
    memory: int | None
    """Bytes of the host's memory."""
    patience: float = PATIENCE
    """Seconds without a message and without processor time."""

    @property
    def killing_time(self) -> float | None:
        """Seconds after which a worker that has not stopped by itself is killed."""
        return None if self.time is None else self.time + max(2.0, 0.1 * self.time)


def attempt(
    worker: WorkerProcess,
    request: Mapping[str, Any],
    limits: Limits,
    heartbeat: Callable[[Mapping[str, Any]], None],
    wanted: Callable[[], bool],
) -> Outcome:
    """Have the worker run one cell. A worker that broke a limit, hung or died is dead afterwards.

    `heartbeat` is called with the progress at every check, `wanted` says whether to go on. If not, a worker that can
    is told to leave a checkpoint, and has GRACE for it.
    """
    worker.quiet()
    nonce = uuid.uuid4().hex
    worker.send({**request, "nonce": nonce})
    progress: Mapping[str, Any] = {}
    loaded, stops, rows, told = None, False, None, None
    stall = Stall(worker, limits.patience)
    try:
        for message in worker.messages(POLL):
            if message is not None and message.get("nonce", nonce) in ("", nonce):
                # Another one is an answer to an earlier request, by a process that its cell has left.
                stall.spoke()
                if message.get("broken"):
                    # What it has left behind would harm the next cell.
                    worker.kill()
                match message["event"]:
                    case "ready":
                        worker.environment = message["environment"]
                    case "loaded":
                        loaded, stops, rows = time.monotonic(), message["stops"], message["rows"]
                    case "unusable":
                        worker.kill()
                        return Unusable(message["message"], message["full"])
                    case "waiting":
                        progress = {"phase": "waits", "for": message["what"]} if message["what"] else {}
                    case "progress":
                        progress = message["progress"]
                    case "done":
                        return Done()
                    case "stopped":
                        return Stopped()
                    case "unwritable":
                        return Unwritable(message["message"])
                    case "failed":
                        said = message["class"], message["message"], message["traceback"]
                        return Failed(*said, "raised", progress, rows)
            heartbeat(progress)
            if told is None and not wanted():
                told = time.monotonic()
                worker.terminate()
            if told is not None and (not stops or time.monotonic() - told > GRACE):
                worker.kill()
                return Stopped()
            broken = _broken_limit(worker, limits, loaded, stall)
            if broken is not None:
                worker.kill()
                return Failed(*broken, "", "killed", progress)
    except WorkerDiedError as death:
        worker.kill()
        if told is not None:
            return Stopped()
        return Failed("crash", death.how, death.last_words, "died", progress)
    raise AssertionError("the messages of a worker end only with its death")


def _broken_limit(
    worker: WorkerProcess, limits: Limits, loaded: float | None, stall: Stall
) -> tuple[str, str] | None:
    """The class and message of the limit that the worker has passed, if it has; time counts from when the
    data were loaded."""
    if limits.memory is not None and worker.memory() > limits.memory:
        return "oom", f"the worker process passed the memory limit of {limits.memory / 2**20:.0f} MiB; killed"
    if (
        limits.killing_time is not None
        and loaded is not None
        and time.monotonic() - loaded > limits.killing_time
    ):
        return "timeout", f"passed the time limit of {limits.time:g} s and did not stop by itself; killed"
    if stall.lasts():
        return "timeout", f"hung: no word and no processor time for {limits.patience:g} s; killed"
    return None
