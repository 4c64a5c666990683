"""A worker dies with its supervisor, and what a cell starts with the worker that trains it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path

import psutil

MARK = "MLBENCH_WORKER"
"""A variable of a worker's environment, by which what it has started is known, in whatever group or session."""
_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends, and take it first when memory runs out."""
    if sys.platform == "linux":
        _at_parents_end(signal.SIGKILL)
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("800", encoding="ascii")


def keep_children() -> None:
    """Have everything that this process will start die with it, however it ends: a small process beside it, in the same
    group, is told by the kernel, and kills the group. Nothing where the kernel cannot tell, as on macOS.

    The signal itself is no help for the children: it is not passed on, and follows the thread that started them.
    """
    if sys.platform != "linux" or os.getpgid(0) != os.getpid():
        return
    parent = os.getpid()
    if os.fork():
        return
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM}:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)
    os.closerange(0, 64)
    signal.signal(signal.SIGTERM, lambda *_: _end(parent))
    _at_parents_end(signal.SIGTERM)
    while os.getppid() == parent:
        signal.pause()
    _end(parent)


def _at_parents_end(number: signal.Signals) -> None:
    """Have the kernel send this process a signal then; nothing where it has no such call."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


def _end(group: int) -> None:
    end_marked(os.environ.get(MARK, ""), but=os.getpid())
    os.killpg(group, signal.SIGKILL)


def end_marked(mark: str, but: int = 0) -> None:
    """Kill every process that has this mark in its environment: one that was started in a session of its own outlives
    its group."""
    for process in psutil.process_iter() if mark else ():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != but and process.environ().get(MARK) == mark:
                process.kill()


def descendants(process: psutil.Process) -> list[psutil.Process]:
    """The processes that it has started, and theirs."""
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def own_memory(process: psutil.Process) -> int:
    """Bytes that a process alone holds: one that was forked shares the rest with its parent."""
    try:
        return int(process.memory_full_info().uss)
    except psutil.Error:
        return 0


def processor_seconds(process: psutil.Process) -> float:
    """Processor time that a process has used; 0 once it is gone."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)
