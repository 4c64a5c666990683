"""A worker that waits for a lock says so: from outside it looks as if it hung.

Locks are held by whoever makes what several processes want: mlbench an array or a dataset of its cache, the hub's
library a download, torch what it compiles. All of them take filelock's, which says at each look on its own logger
whether it got the lock.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

SAY_EVERY = 5.0
"""Seconds between two words of one that waits; shorter waits are not told of."""


class LockWaits(logging.Handler):
    """Tells which file a lock is waited for, and "" once it was had."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(logging.DEBUG)
        self._tell = tell
        self._since = dict[str, float]()
        """The lock files that are waited for, and since when, or when it was last told."""
        self._told = set[str]()

    def emit(self, record: logging.LogRecord) -> None:
        if not isinstance(record.args, tuple) or len(record.args) < 2:
            return
        file, now = str(record.args[1]), time.monotonic()
        if "not acquired on" in record.msg:
            if now - self._since.setdefault(file, now) > SAY_EVERY:
                self._since[file] = now
                self._told.add(file)
                self._tell("/".join(Path(file).parts[-2:]))
        elif "acquired on" in record.msg:
            self._since.pop(file, None)
            if file in self._told:
                self._told.discard(file)
                self._tell("")


def report_lock_waits(tell: Callable[[str], None]) -> logging.Handler:
    """Have every wait of this process for a lock told, in whatever thread it is; gives who listens."""
    logger, listener = logging.getLogger("filelock"), LockWaits(tell)
    logger.setLevel(logging.DEBUG)
    # These words are for the listener alone.
    logger.propagate = False
    logger.addHandler(listener)
    return listener
