"""Where the host waits for the GPU, as torch's synchronisation debug mode sees it; copies from and to pageable memory
count, since each waits for all that the device was given before."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch

from tests.benchmarks.device import ON_GPU

SAID = "called a synchronizing"


@contextlib.contextmanager
def no_waits() -> Iterator[None]:
    """RuntimeError, raised where it happens, if the host waits for the device."""
    with _mode("error"):
        yield


@contextlib.contextmanager
def counted_waits() -> Iterator[Callable[[], int | None]]:
    """A function that says how often the host has waited since the start; None on the CPU."""
    with warnings.catch_warnings(record=True) as caught, _mode("warn"):
        warnings.simplefilter("always")
        yield lambda: sum(SAID in str(warning.message) for warning in caught) if ON_GPU else None


def waits_of(run: Callable[[], Any]) -> int | None:
    """How often the host waits in one call."""
    with counted_waits() as count:
        run()
        return count()


@contextlib.contextmanager
def _mode(name: str) -> Iterator[None]:
    if not ON_GPU:
        yield
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls the mode itself a prototype
        before = torch.cuda.get_sync_debug_mode()
        torch.cuda.set_sync_debug_mode(name)
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode(before)
