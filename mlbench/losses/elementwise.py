"""Losses that are a sum of one term per sample and label."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from mlbench.losses.base import Loss, Outputs
from mlbench.losses.checks import one_of

Reduction = Literal["mean", "batchmean", "sum"]
REDUCTIONS: tuple[Reduction, ...] = ("mean", "batchmean", "sum")


def reduce(elements: Tensor, reduction: Reduction) -> Tensor:
    """A scalar of `elements` [B, L]: "mean" over B·L, "batchmean" (sum over L, mean over B) or "sum"."""
    if reduction == "mean":
        return elements.mean()
    total = elements.sum()
    return total / elements.shape[0] if reduction == "batchmean" else total


class ElementwiseLoss(Loss):
    """A loss with one term per sample and label: a subclass gives them in `elements`."""

    per_sample = True

    def __init__(self, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction: Reduction = one_of("reduction", reduction, REDUCTIONS)

    def elements(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The terms [B, L] of `logits` [B, L] and `targets` [B, L]."""
        raise NotImplementedError(f"{type(self).__name__} has no elements")

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        return reduce(self.elements(out.logits, targets), self.reduction)


def power(base: Tensor, exponent: float) -> Tensor:
    """`base` ** `exponent` for a base in [0, 1], with a finite gradient at 0 whatever the exponent."""
    if exponent < 1:
        base = base.clamp(min=torch.finfo(base.dtype).tiny)
    return base.pow(exponent)
