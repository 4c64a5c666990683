"""Garbage collection, put off: a fifth of a large report's time would go into it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Without garbage collection: a million entries of tables, none in a cycle, would be gone through again
    and again. What the caller had set comes back afterwards.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@contextmanager
def kept() -> Iterator[None]:
    """A collection within does not go through what was there before, a million entries of tables among it. Where the
    caller has frozen something it stays, and nothing else is frozen."""
    ours = gc.get_freeze_count() == 0
    if ours:
        gc.freeze()
    try:
        yield
    finally:
        if ours:
            gc.unfreeze()
