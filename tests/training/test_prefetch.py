from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from mlbench.training.prefetch import prefetched


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
