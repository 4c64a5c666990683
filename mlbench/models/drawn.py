"""What is drawn on the CPU, on its way to images that lie elsewhere."""

from __future__ import annotations

from torch import Tensor


def sent_to(images: Tensor, drawn: Tensor) -> Tensor:
    """`drawn` where `images` lie, the host not waiting for the copy: to a GPU that takes pinned memory, which torch
    gives to nobody else before the copy is done."""
    if images.is_cuda:
        drawn = drawn.pin_memory()
    return drawn.to(images.device, non_blocking=True)
