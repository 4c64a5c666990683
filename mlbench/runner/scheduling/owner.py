"""Which process a file in the store belongs to, and whether that process is still there."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import psutil

_SAME_BIRTH = 2.0
"""Seconds by which two readings of one process's start may differ, where the clock tells it."""


@dataclass(frozen=True)
class Owner:
    """A process.

    - `host`: the name of its machine.
    - `namespace`: of processes; containers of one host name differ in it.
    - `pid`: its number there.
    - `born`: when it started: a number is used again. Where the system tells it, its boot and the ticks of its clock
      since then, which nobody sets: the time of day may be stepped while a process runs. Elsewhere, and in what earlier
      code wrote, seconds since 1970.
    """

    host: str
    namespace: str
    pid: int
    born: str

    @classmethod
    def this_process(cls) -> Owner:
        return _owner(os.getpid())

    @classmethod
    def parse(cls, value: Any) -> Owner | None:
        """The owner that `describe` wrote; None for anything else."""
        if not isinstance(value, Mapping):
            return None
        try:
            return cls(str(value["host"]), str(value["namespace"]), int(value["pid"]), str(value["born"]))
        except (KeyError, TypeError, ValueError, OverflowError):
            return None

    def describe(self) -> dict[str, Any]:
        return asdict(self)

    def alive(self) -> bool | None:
        """Whether the process is there; None where that cannot be seen from here."""
        here = Owner.this_process()
        if (self.host, self.namespace) != (here.host, here.namespace):
            return None
        boot = self.born.partition("/")[0] if "/" in self.born else ""
        if boot and boot != _boot():
            # Another machine that is called the same, or this one before it was started anew.
            return None
        try:
            process = psutil.Process(self.pid)
            return self._is(process) and process.status() != psutil.STATUS_ZOMBIE
        except (psutil.NoSuchProcess, ValueError, OverflowError):
            return False
        except psutil.Error:
            return True

    def _is(self, process: psutil.Process) -> bool:
        if "/" in self.born:
            return _born(process) == self.born
        return abs(process.create_time() - float(self.born)) < _SAME_BIRTH


@lru_cache(maxsize=1)
def _boot() -> str:
    """Another one each time that the system is started; "" where it does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _born(process: psutil.Process) -> str:
    """As `born` has it. Raises psutil.NoSuchProcess."""
    if _boot():
        try:
            told = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8", errors="replace")
            return f"{_boot()}/{told.rpartition(')')[2].split()[19]}"
        except FileNotFoundError:
            raise psutil.NoSuchProcess(process.pid) from None
        except (OSError, IndexError):
            pass
    return str(process.create_time())


@lru_cache(maxsize=4)
def _owner(pid: int) -> Owner:
    namespace = ""
    with contextlib.suppress(OSError):
        namespace = str(Path("/proc/self/ns/pid").readlink())
    return Owner(socket.gethostname(), namespace, pid, _born(psutil.Process(pid)))
