"""Losses, one file each: the file's stem is the registered name. `base` holds the contract, `parts` what they share.

The public names are loaded when they are first used, so that listing losses does not load torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlbench.losses.base import GaussianKernels, LabelStats, Loss, Memory, Outputs, register_loss

__all__ = ["GaussianKernels", "LabelStats", "Loss", "Memory", "Outputs", "register_loss"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(importlib.import_module("mlbench.losses.base"), name)
    raise AttributeError(f"module 'mlbench.losses' has no attribute {name!r}")
