"""What losses share that leave some scores out of a sum: in log-space, and without a NaN where none is left."""

from __future__ import annotations

import torch
from torch import Tensor


def keep(scores: Tensor, mask: Tensor) -> Tensor:
    """`scores` where `mask`, else the lowest finite number: as good as −∞ under a log-sum-exp.

    Of −∞ alone a log-sum-exp has NaN for a gradient; of these it has a finite one.
    """
    return scores.masked_fill(~mask, torch.finfo(scores.dtype).min)


def mask_self(scores: Tensor) -> Tensor:
    """`scores` [A, K] with the lowest finite number where candidate j is anchor i itself (j = i).

    Finite, since a row of −∞ alone (B = 1) would make NaN of a softmax and 0 · −∞ one of a sum.
    """
    return with_self(scores, torch.finfo(scores.dtype).min)


def with_self(scores: Tensor, value: float) -> Tensor:
    """`scores` [A, K] with `value` where candidate j is anchor i itself (j = i)."""
    return scores.diagonal_scatter(scores.new_full((min(scores.shape),), value))


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """The mean of the values [A] where `mask`; without any, a zero that is still connected to the graph."""
    return (values * mask).sum() / mask.sum().clamp(min=1)
