"""What the losses that order the labels of a sample share: one side of it, in log-space."""

from __future__ import annotations

import torch
from torch import Tensor


def keep(scores: Tensor, mask: Tensor) -> Tensor:
    """`scores` where `mask`, else the lowest finite number: as good as −∞ under a log-sum-exp.

    Of −∞ alone a log-sum-exp has NaN for a gradient; of these it has a finite one.
    """
    return scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
