"""How a command ends when it is told to: what it has started ends with it, and its temporary folders go."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

HANGUP = getattr(signal, "SIGHUP", None)
ENDINGS: tuple[signal.Signals, ...] = (signal.SIGTERM, *([] if HANGUP is None else [HANGUP]))
"""What asks a process to end: a batch system, or a connection that drops."""
INTERRUPTIONS = (signal.SIGINT, *ENDINGS)
PATIENCE = 15
"""Seconds that a command has to end in order; one that something holds up is ended outright then."""
GRACE = 3.0
"""Seconds that what it has started has to end by itself."""
_LOKY, _STANDARD = "joblib.externals.loky.backend.resource_tracker", "multiprocessing.resource_tracker"
_MASKS = hasattr(signal, "pthread_sigmask")


class Ending:
    """Has the first signal that asks for the end unwind the command, as an exception does, and the second end it
    outright."""

    def __init__(self) -> None:
        self.code = 0
        """What the process exits with; 0 as long as nothing has asked for its end."""

    def listen(self) -> None:
        """Hear the signals from now on, but for a dropped connection that is ignored already, as under `nohup`."""
        for number in ENDINGS:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, self)

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if self.code:
            self._outright()
        self.code = 128 + number
        if hasattr(signal, "SIGALRM"):
            signal.signal(signal.SIGALRM, self._outright)
            signal.alarm(PATIENCE)
        raise SystemExit(self.code)

    def _outright(self, *_: object) -> None:
        with contextlib.suppress(Exception):
            end_started(grace=0)
        os._exit(self.code)


def end_started(grace: float = GRACE) -> None:
    """End every process that this one has started and that still runs, and theirs; after `grace` seconds outright."""
    import psutil

    there = [each for each in psutil.Process().children(recursive=True) if each.pid not in _trackers()]
    if grace:
        _each(there, "terminate")
        _, there = psutil.wait_procs(there, timeout=grace)
    _each(there, "kill")
    psutil.wait_procs(there, timeout=GRACE)


def _each(processes: Sequence[Any], call: str) -> None:
    for process in processes:
        # It may have ended meanwhile.
        with contextlib.suppress(Exception):
            getattr(process, call)()


def _trackers() -> set[int]:
    """Those that remove the temporary files of others, and end once these are gone."""
    found = [getattr(sys.modules.get(name), "_resource_tracker", None) for name in (_LOKY, _STANDARD)]
    return {pid for each in found if (pid := getattr(each, "_pid", None)) is not None}


@contextlib.contextmanager
def deaf_children(numbers: Sequence[signal.Signals] = INTERRUPTIONS) -> Iterator[None]:
    """Processes started meanwhile do not hear the Ctrl-C of a terminal or the SIGTERM of a batch job, which go to
    all of its processes, until they `hear`; the one that starts them tells them what to do. It hears what comes
    meanwhile, at the end where no other thread of it does at once: signals are blocked and not ignored."""
    if threading.current_thread() is not threading.main_thread() or not _MASKS:
        yield
        return
    tracker = sys.modules.get(_LOKY)
    if tracker is not None:
        # To start it unblocks signals.
        tracker.ensure_running()
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def hear() -> None:
    """Have this process take the signals that `deaf_children` has blocked in it."""
    if _MASKS:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTIONS)
