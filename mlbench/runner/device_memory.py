"""A slot's share of the memory of a device that several hold: what one takes, the others do not miss."""

from __future__ import annotations

from typing import Any

OVERHEAD = 2**30
"""Bytes that a process holds on a device beside what torch allocates: CUDA's context and the code of kernels."""


def keep_to_share(torch: Any, device: str, slots: int) -> None:
    """Let this process allocate no more than its share. A cell that wants more then runs out of memory whatever the
    other slots do, and none of theirs does for its sake."""
    if slots > 1:
        total = torch.cuda.get_device_properties(device).total_memory
        torch.cuda.set_per_process_memory_fraction(share(total, slots), device)


def share(total: int, slots: int) -> float:
    """The part of `total` bytes that each of the slots may allocate; a twentieth of an even part at the least."""
    even = 1 / slots
    return max(even - OVERHEAD / total, even / 20)
