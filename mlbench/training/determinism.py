"""Deterministic kernels while a cell trains, and whether all that ran were."""

from __future__ import annotations

import contextlib
import os
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

LACKS = (
    "does not have a deterministic implementation|is not deterministic because|non-deterministic algorithm"
)
"""What torch says of an operation that may differ from run to run; a pattern."""
FUSED = [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]
"""Kernels of attention whose backward pass torch makes deterministic where it is told to raise, not to warn."""


def lacks_kernel(error: BaseException) -> bool:
    """Whether torch raised the error because it has no deterministic kernel for an operation."""
    return isinstance(error, RuntimeError) and re.search(LACKS, str(error)) is not None


@contextlib.contextmanager
def deterministic(wanted: bool, device: torch.device, *, strict: bool = True) -> Iterator[Callable[[], bool]]:
    """Deterministic kernels where PyTorch has them, and every setting put back; gives a function that says whether
    all that ran so far were.

    Where torch has none it raises an error (`lacks_kernel`) if `strict`, else it warns. Attention on a GPU hangs on
    that: told to raise, torch takes the fused kernels in their deterministic form; told to warn, it takes them as
    they are, so there its plain kernel is used instead, with products in the precision of the training.
    """
    before = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    fills = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    reduced = torch.backends.cuda.fp16_bf16_reduction_math_sdp_allowed()
    show = warnings.showwarning
    lacking: list[str] = []

    def noting(message: Warning | str, *about: Any, **more: Any) -> None:
        lacking.extend([str(message)] if re.search(LACKS, str(message)) else [])
        show(message, *about, **more)

    # Entering it makes warnings that were shown before, in an earlier cell, be shown again.
    with warnings.catch_warnings(), contextlib.ExitStack() as stack:
        if wanted and device.type == "cuda":
            stack.enter_context(sdpa_kernel(FUSED if strict else SDPBackend.MATH))
            torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(True)
        if wanted:
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
            torch.use_deterministic_algorithms(True, warn_only=not strict)
            # Writing NaN into every new tensor finds kernels that read before they write; it costs a pass each time.
            torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
            warnings.filterwarnings("default", f".*(?:{LACKS})")
            warnings.showwarning = noting
        try:
            yield lambda: wanted and not lacking
        finally:
            torch.use_deterministic_algorithms(before[0], warn_only=before[1])
            torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(reduced)
            torch.utils.deterministic.fill_uninitialized_memory = fills  # type: ignore[attr-defined]


@contextlib.contextmanager
def measuring() -> Iterator[None]:
    """For what is computed of a finished model's scores: torch warns where it lacks a deterministic kernel, and the
    record says so, but nothing is trained anew for it."""
    enabled = torch.are_deterministic_algorithms_enabled()
    only_warns = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(enabled, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(enabled, warn_only=only_warns)


def numerics(device: torch.device) -> dict[str, Any]:
    """What decides how a GPU multiplies, for the record; empty on a CPU.

    tf32: whether float32 products and convolutions may take TF32. attention: the kernels that are allowed, and
    whether the plain one multiplies in half precision.
    """
    if device.type != "cuda":
        return {}
    kernels = {
        "flash": torch.backends.cuda.flash_sdp_enabled(),
        "memory-efficient": torch.backends.cuda.mem_efficient_sdp_enabled(),
        "cudnn": torch.backends.cuda.cudnn_sdp_enabled(),
        "plain": torch.backends.cuda.math_sdp_enabled(),
    }
    return {
        "tf32": {
            "products": torch.backends.cuda.matmul.allow_tf32,
            "convolutions": torch.backends.cudnn.allow_tf32,
        },
        "cudnn_benchmark": torch.backends.cudnn.benchmark,
        "attention": {
            "kernels": [name for name, allowed in kernels.items() if allowed],
            "plain_in_half_precision": torch.backends.cuda.fp16_bf16_reduction_math_sdp_allowed(),
        },
    }
