"""Time, memory and determinism of one cell."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

LACKS = (
    "does not have a deterministic implementation|is not deterministic because|non-deterministic algorithm"
)
"""What torch says of an operation that may differ from run to run; a pattern."""


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


@contextlib.contextmanager
def deterministic(wanted: bool, device: torch.device) -> Iterator[Callable[[], bool]]:
    """Deterministic kernels where PyTorch has them (a warning where it has none), and the setting put back; gives a
    function that says whether all that ran so far were. On a GPU attention then takes torch's plain kernel: where
    a warning is all that is asked for, the backward passes of the fused ones are not deterministic."""
    before = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    fills = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    show = warnings.showwarning
    lacking: list[str] = []

    def noting(message: Warning | str, *about: Any, **more: Any) -> None:
        lacking.extend([str(message)] if re.search(LACKS, str(message)) else [])
        show(message, *about, **more)

    # Entering it makes warnings that were shown before, in an earlier cell, be shown again.
    with warnings.catch_warnings(), contextlib.ExitStack() as stack:
        if wanted and device.type == "cuda":
            stack.enter_context(sdpa_kernel(SDPBackend.MATH))
        if wanted:
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
            torch.use_deterministic_algorithms(True, warn_only=True)
            # Writing NaN into every new tensor finds kernels that read before they write; it costs a pass each time.
            torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
            warnings.filterwarnings("default", f".*(?:{LACKS})")
            warnings.showwarning = noting
        try:
            yield lambda: wanted and not lacking
        finally:
            torch.use_deterministic_algorithms(before[0], warn_only=before[1])
            torch.utils.deterministic.fill_uninitialized_memory = fills  # type: ignore[attr-defined]
