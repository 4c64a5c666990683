from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import torch

from mlbench.models.prefetch import on_device, pinned, prefetched, sent
from tests.models.pretended import PretendGpu

CPU = torch.device("cpu")


def test_the_same_items_in_the_same_order() -> None:
    assert list(prefetched(range(100))) == list(range(100))
    assert list(prefetched([])) == []


def test_it_stays_ahead_but_not_further_than_asked() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for item in range(50):
            made.append(item)
            yield item

    stream = prefetched(items(), ahead=3)
    next(stream)
    deadline = time.monotonic() + 5
    while len(made) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    # One in use, three ready, one waiting for a place.
    assert len(made) == 5
    stream.close()  # type: ignore[attr-defined]


def test_an_exception_is_raised_at_its_item() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    stream = prefetched(items())
    assert next(stream) == 1
    with pytest.raises(ValueError, match="no more"):
        next(stream)


def test_leaving_early_ends_the_thread() -> None:
    for item in prefetched(iter(int, 1)):
        assert item == 0
        break
    deadline = time.monotonic() + 5
    while any(thread.name == "prefetch" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_on_the_cpu_batches_are_handed_on() -> None:
    batches = [(torch.arange(3),), (torch.arange(2), torch.ones(2))]
    assert all(given is found for given, found in zip(batches, on_device(batches, CPU), strict=True))
    assert pinned(batches[0], CPU) is batches[0]


def test_a_gpu_is_sent_what_is_pinned() -> None:
    """Of pageable memory the host would wait for the copy, and with it for all that the device has to do before."""
    with PretendGpu() as gpu:
        device = gpu.images(1).device
        for batch in (sent(pinned((torch.arange(n), torch.ones(n)), device), device) for n in (3, 4)):
            assert all(part.is_cuda for part in batch)
    assert gpu.copies == 4
    assert gpu.waits == []
    assert [part.numel() for part in gpu.pinned] == [3, 3, 4, 4]
