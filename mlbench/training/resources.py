"""Time and memory of one cell."""

from __future__ import annotations

import contextlib
import resource
import time

import torch


class Clock:
    """Seconds of each phase of a cell, by the wall."""

    def __init__(self) -> None:
        self.last = time.perf_counter()
        self.seconds: dict[str, float] = {}

    def lap(self, phase: str, plus: float = 0.0) -> float:
        """File the time since the last lap under `phase`, and `plus` seconds of an earlier process."""
        now = time.perf_counter()
        self.seconds[phase] = self.seconds.get(phase, 0.0) + now - self.last + plus
        self.last = now
        return self.seconds[phase]

    def move(self, phase: str, part: str, seconds: float) -> None:
        """File `seconds` of `phase` under `part` of it."""
        self.seconds[phase] -= seconds
        self.seconds[part] = self.seconds.get(part, 0.0) + seconds

    def total(self) -> dict[str, float]:
        """All phases and `total`."""
        return {**self.seconds, "total": sum(self.seconds.values())}


def reset_peak_memory(device: torch.device) -> None:
    """Start measuring: what the peak was before this cell does not count, where the system can forget it."""
    if device.type == "cuda":
        # Nothing may have used the device yet, and the statistics of one that is not set up cannot be reset.
        torch.cuda.init()
        torch.cuda.reset_peak_memory_stats(device)
    # Linux keeps a high-water mark of the resident set that a process may reset for itself.
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w") as file:  # noqa: PTH123
        file.write("5")


def peak_memory(device: torch.device) -> dict[str, int | None]:
    """Peak bytes of the host process and of the device since `reset_peak_memory`."""
    on_device = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
    return {"host_peak": _host_peak(), "device_peak": on_device}


def _host_peak() -> int:
    with contextlib.suppress(OSError), open("/proc/self/status") as file:  # noqa: PTH123
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
