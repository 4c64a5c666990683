"""Time and memory of one cell."""

from __future__ import annotations

import contextlib
import resource
import time

import torch

from mlbench.records.schema import RecordedMemory


class Clock:
    """Seconds of each phase of a cell, by the wall: what a run takes. What a loss costs says the Meter."""

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


class Meter:
    """What a training costs: seconds between `start` and `stop`, all together, of its own process alone.

    On a CPU of this process's processors, all threads; other processes lengthen the wall's time and hardly that. On a
    GPU of the device, between events in its stream: there the host's time says nothing, which sends work ahead and
    spins while it waits. Cells that share a GPU take turns, and the others' turns are in it.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.seconds = 0.0
        self._started = 0.0
        self._events: list[torch.cuda.Event] = []
        """Of the device, not read yet: a start and a stop by turns."""

    def start(self) -> None:
        """What follows counts."""
        self._started = self._mark()

    def stop(self) -> None:
        """What follows does not; waits for nothing."""
        self.seconds += self._mark() - self._started

    def read(self) -> float:
        """The seconds so far; waits for the device. To be called now and then, since events are kept until then."""
        if self._events:
            self._events[-1].synchronize()
            pairs = zip(self._events[::2], self._events[1::2], strict=True)
            self.seconds += sum(start.elapsed_time(stop) for start, stop in pairs) / 1000
            self._events.clear()
        return self.seconds

    def _mark(self) -> float:
        if self.device.type != "cuda":
            return time.process_time()
        event = torch.cuda.Event(enable_timing=True)
        event.record(torch.cuda.current_stream(self.device))
        self._events.append(event)
        return 0.0


def reset_peak_memory(device: torch.device) -> None:
    """Start measuring: what the peak was before this cell does not count, where the system can forget it."""
    if device.type == "cuda":
        # Nothing may have used the device yet, and the statistics of one that is not set up cannot be reset.
        torch.cuda.init()
        torch.cuda.reset_peak_memory_stats(device)
    # Linux keeps a high-water mark of the resident set that a process may reset for itself.
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w") as file:  # noqa: PTH123
        file.write("5")


def peak_memory(device: torch.device) -> RecordedMemory:
    """Peak bytes of the host process and of the device since `reset_peak_memory`."""
    on_device = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
    return {"host_peak": _host_peak(), "device_peak": on_device}


def _host_peak() -> int:
    with contextlib.suppress(OSError), open("/proc/self/status") as file:  # noqa: PTH123
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
