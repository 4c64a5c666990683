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
