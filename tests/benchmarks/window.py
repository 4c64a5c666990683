"""One epoch in the middle of a cell's training, looked at: how busy the device is, and how often the host waits."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from typing import Any

from torch.profiler import ProfilerActivity, profile

from tests.benchmarks.device import ON_GPU, synchronise
from tests.benchmarks.waits import Waits, counted_waits


class Busy:
    """The share of a time in which the device computes or copies; on the CPU, in which torch is in some operation."""

    def __init__(self) -> None:
        activity = ProfilerActivity.CUDA if ON_GPU else ProfilerActivity.CPU
        self._profile = profile(activities=[activity])
        self.share: float | None = None

    def start(self) -> None:
        self._profile.start()
        synchronise()
        self._started = time.perf_counter()

    def stop(self) -> None:
        synchronise()
        seconds = time.perf_counter() - self._started
        self._profile.stop()
        wanted = "CUDA" if ON_GPU else "CPU"
        spans = [
            (event.time_range.start, event.time_range.end)
            for event in self._profile.events() or ()
            if event.device_type.name == wanted and not event.is_user_annotation
        ]
        self.share = 1e-6 * covered(spans) / seconds if spans else None


class WaitsSeen:
    """Where the host waits for the device; None on the CPU."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self.places: Waits | None = None

    def start(self) -> None:
        self.places = self._stack.enter_context(counted_waits())

    def stop(self) -> None:
        self._stack.close()

    @property
    def count(self) -> int | None:
        return None if self.places is None else self.places.total()


def second_epoch(look: Busy | WaitsSeen) -> Callable[[dict[str, Any]], None]:
    """An `on_progress` that looks at a cell's second epoch; there must be a third, whose end is scored."""
    ends = iter((look.start, look.stop))

    def on_progress(_: dict[str, Any]) -> None:
        next(ends, lambda: None)()

    return on_progress


def covered(spans: Iterable[tuple[float, float]]) -> float:
    """The length of the union of some spans."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total
