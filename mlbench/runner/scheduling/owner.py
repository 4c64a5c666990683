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
"""Seconds by which two readings of one process's start may differ."""


@dataclass(frozen=True)
class Owner:
    """A process.

    - `host`: the name of its machine.
    - `namespace`: of processes; containers of one host name differ in it.
    - `pid`: its number there.
    - `born`: when it started: a number is used again.
    """

    host: str
    namespace: str
    pid: int
    born: float

    @classmethod
    def this_process(cls) -> Owner:
        return _owner(os.getpid())

    @classmethod
    def parse(cls, value: Any) -> Owner | None:
        """The owner that `describe` wrote; None for anything else."""
        if not isinstance(value, Mapping):
            return None
        try:
            return cls(str(value["host"]), str(value["namespace"]), int(value["pid"]), float(value["born"]))
        except (KeyError, TypeError, ValueError):
            return None

    def describe(self) -> dict[str, Any]:
        return asdict(self)

    def alive(self) -> bool | None:
        """Whether the process is there; None where that cannot be seen from here."""
        here = Owner.this_process()
        if (self.host, self.namespace) != (here.host, here.namespace):
            return None
        try:
            process = psutil.Process(self.pid)
            return (
                abs(process.create_time() - self.born) < _SAME_BIRTH
                and process.status() != psutil.STATUS_ZOMBIE
            )
        except psutil.NoSuchProcess:
            return False
        except psutil.Error:
            return True


@lru_cache(maxsize=4)
def _owner(pid: int) -> Owner:
    namespace = ""
    with contextlib.suppress(OSError):
        namespace = str(Path("/proc/self/ns/pid").readlink())
    return Owner(socket.gethostname(), namespace, pid, psutil.Process(pid).create_time())
