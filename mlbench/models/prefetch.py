"""Batches that are on their way to the device while it works."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

import torch
from torch import Tensor

from mlbench.models.inputs import Batch

T = TypeVar("T")

AHEAD = 2
"""Items that are kept ready."""


def pinned(batch: Batch, device: torch.device) -> Batch:
    """The batch where the device can copy it from while the host goes on: pinned memory, for a GPU."""
    return tuple(part.pin_memory() for part in batch) if device.type == "cuda" else batch


def sent(batch: Batch, device: torch.device) -> Batch:
    """The batch on the device; of what is pinned, the host does not wait for the copy."""
    return tuple(part.to(device, non_blocking=True) for part in batch)


def sent_to(images: Tensor, drawn: Tensor) -> Tensor:
    """`drawn`, made on the CPU, where `images` lie, the host not waiting for the copy: to a GPU that takes pinned
    memory, which torch gives to nobody else before the copy is done."""
    if images.is_cuda:
        drawn = drawn.pin_memory()
    return drawn.to(images.device, non_blocking=True)


def on_device(batches: Iterable[Batch], device: torch.device) -> Iterator[Batch]:
    """The batches on the device, in their order. For a GPU a thread makes and pins the next ones meanwhile; a CPU's
    cores would only share the work."""
    if device.type == "cpu":
        yield from batches
        return
    for batch in prefetched(pinned(batch, device) for batch in batches):
        yield sent(batch, device)


def prefetched(items: Iterable[T], ahead: int = AHEAD) -> Iterator[T]:
    """The same items in the same order, made by a thread that stays up to `ahead` of them in front.

    An exception of the maker is raised here, at the item that it would have made. Leaving the loop early ends
    the thread.
    """
    ready: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(maxsize=ahead)
    left = threading.Event()

    def make() -> None:
        try:
            for item in items:
                if not _put((item, None)):
                    return
            _put((None, StopIteration()))
        except BaseException as error:
            _put((None, error))

    def _put(entry: tuple[T | None, BaseException | None]) -> bool:
        while not left.is_set():
            try:
                ready.put(entry, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    thread = threading.Thread(target=make, name="prefetch", daemon=True)
    thread.start()
    try:
        while True:
            item, error = ready.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc]
    finally:
        left.set()
        thread.join()
