"""Locks by which one process does what others wait for: who waits says so, since it looks as if it hung."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

SAY_EVERY = 5.0
"""Seconds between two words of one that waits."""

LISTENERS: list[Callable[[str], None]] = []
"""Who is told what this process waits for."""


@contextlib.contextmanager
def locked(file: Path, what: str) -> Iterator[None]:
    """Hold the lock at `file`, which is free again when its owner is gone; `what` is what its owner makes."""
    lock = FileLock(file)
    while True:
        try:
            lock.acquire(timeout=SAY_EVERY)
        except Timeout:
            for tell in LISTENERS:
                tell(what)
            continue
        break
    try:
        yield
    finally:
        lock.release()
