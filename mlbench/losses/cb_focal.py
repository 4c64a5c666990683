from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from mlbench.losses.base import LabelStats, register_loss
from mlbench.losses.focal import away, balance, focal_terms
from mlbench.losses.parts.checks import nonnegative, prepared, within
from mlbench.losses.parts.elementwise import ElementwiseLoss
from mlbench.search_space import Choice


@register_loss("cb_focal")
class ClassBalancedFocalLoss(ElementwiseLoss):
    """Class-balanced focal: each label weighted by the inverse of its effective number of positives.

        scale · (1 − β)/(1 − β^{n_k}) · α_t (1 − p_t)^γ (−log p_t),  p_t as in focal

    Shapes: logits x and targets y, both [B, L]; a scalar under `reduction`. n_k are the positives of label k
    among the training rows, clamped to [1, N−1]; alpha 0.5 makes α_t ½ on both sides.
    Errors: ValueError for a beta outside [0, 1), an alpha outside [0, 1], a gamma below 0, or before
    `prepare`. Source: Cui et al. 2019, "Class-Balanced Loss Based on Effective Number of Samples",
    https://arxiv.org/abs/1901.05555, with the constants of Huang et al. 2021
    (https://arxiv.org/abs/2109.04712). At β 0.9 the weights are flat above some 50 positives.
    """

    needs = {"logits"}
    accepts = {"known"}
    search_space = {"beta": Choice(0.9, 0.99, 0.999, 0.9999), "gamma": Choice(1.0, 2.0)}

    def __init__(
        self,
        beta: float = 0.9,
        gamma: float = 2.0,
        alpha: float = 0.5,
        scale: float = 10.0,
        reduction: Literal["mean", "batchmean", "sum"] = "mean",
    ) -> None:
        super().__init__(reduction)
        if not 0 <= beta < 1:
            raise ValueError(f"beta must be at least 0 and below 1, got {beta}")
        self.beta, self.scale = beta, nonnegative("scale", scale)
        self.gamma, self.alpha = nonnegative("gamma", gamma), within("alpha", alpha, 0, 1)
        self.weight: Tensor | None
        self.register_buffer("weight", None)

    def prepare(self, stats: LabelStats) -> None:
        counts, _ = stats.clamped()
        log_beta = torch.tensor(self.beta, dtype=counts.dtype).log()
        self.weight = self.scale * (1 - self.beta) / -torch.expm1(counts * log_beta)

    def elements(self, logits: Tensor, targets: Tensor) -> Tensor:
        weight = balance(targets, self.alpha, 1 - self.alpha) * prepared(self.weight, self, logits)
        return weight * focal_terms(away(logits, targets), self.gamma)
