"""The device that the benchmarks marked `gpu` measure: the GPU where there is one, else the CPU at small sizes.

On the CPU every line of them runs, so that it is known to work; its figures mean nothing. What a GPU alone has, waits
of the host and memory of the device, is None there.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch.utils.benchmark import Timer

from mlbench.runner.scheduling.devices import visible
from mlbench.runner.worker.environment import processor

T = TypeVar("T")

ON_GPU = torch.cuda.is_available()
DEVICE = torch.device("cuda:0" if ON_GPU else "cpu")


def sized(real: T, small: T) -> T:
    """The size to measure at, or the one that only shows that the code works."""
    return real if ON_GPU else small


def hardware() -> dict[str, Any]:
    """What the figures were measured on."""
    found = {"device": torch.cuda.get_device_name(DEVICE) if ON_GPU else processor()["cpu"]}
    if ON_GPU:
        memory = torch.cuda.get_device_properties(DEVICE).total_memory
        found |= {"memory": f"{memory / 2**30:.0f} GiB", "cuda": str(torch.version.cuda)}
        found["driver"] = next((shown.driver or "" for shown in visible()), "")
        found["host"] = processor()["cpu"]
    return {**found, "threads": torch.get_num_threads(), "torch": torch.__version__}


def synchronise() -> None:
    """Wait until the device has done all that it was given."""
    if ON_GPU:
        torch.cuda.synchronize(DEVICE)


def short_seconds(run: Callable[[], Any]) -> float:
    """Of something that takes milliseconds: the least of three medians by torch's own timer, which waits for the
    device before it looks at the clock."""
    timer = Timer("run()", globals={"run": run})
    return float(min(timer.blocked_autorange(min_run_time=sized(0.05, 0.01)).median for _ in range(3)))


def long_seconds(run: Callable[[], Any], rounds: int = 3) -> float:
    """Of something that takes longer: the least of `rounds`."""
    found = []
    for _ in range(rounds):
        synchronise()
        started = time.perf_counter()
        run()
        synchronise()
        found.append(time.perf_counter() - started)
    return min(found)


def peak_bytes(run: Callable[[], Any]) -> int | None:
    """The most memory of the device that is held while it runs, above what was held before."""
    if not ON_GPU:
        run()
        return None
    gc.collect()
    synchronise()
    before = torch.cuda.memory_allocated(DEVICE)
    torch.cuda.reset_peak_memory_stats(DEVICE)
    run()
    return torch.cuda.max_memory_allocated(DEVICE) - before
