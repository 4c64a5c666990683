from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from mlbench.losses.base import LabelStats, register_loss
from mlbench.losses.focal import balance, focal_terms
from mlbench.losses.parts.checks import nonnegative, positive, prepared, within
from mlbench.losses.parts.elementwise import ElementwiseLoss
from mlbench.search_space import Choice


@register_loss("db_focal")
class DistributionBalancedFocalLoss(ElementwiseLoss):
    """Distribution-balanced focal: re-weighted for labels that occur together, negatives made tolerant.

        r = (1/n_k) / Σ_j y_j/n_j,   w = σ(β_m (r − γ_m)) + α_m,   x' = x − κ log(N/n_k − 1)
        positives: w α_t (1 − p_t)^γ (−log p_t),  p_t = σ(x')
        negatives: w/ν α_t (1 − p_t)^γ (−log p_t),  p_t = 1 − σ(ν x'),  ν = `neg_scale`

    Shapes: logits x and targets y, both [B, L]; a scalar under `reduction`. n_k are the positives of label k
    among the N training rows, clamped to [1, N−1]; α_m, β_m, γ_m are `map_alpha`, `map_beta`, `map_gamma`. A
    row without labels has r = ∞ and w = 1 + α_m.
    Errors: ValueError for an alpha outside [0, 1], a gamma below 0, a neg_scale not above 0, or before
    `prepare`. Source: Wu et al. 2020, "Distribution-Balanced Loss for Multi-Label Classification in
    Long-Tailed Datasets", https://arxiv.org/abs/2007.09654, in the form of Huang et al. 2021
    (https://arxiv.org/abs/2109.04712), whose constants for text these are.
    """

    needs = {"logits"}
    accepts = {"known"}
    search_space = {
        "map_beta": Choice(1.0, 10.0),
        "map_gamma": Choice(0.1, 0.3, 0.9),
        "neg_scale": Choice(1.0, 2.0, 5.0),
    }

    def __init__(
        self,
        alpha: float = 0.5,
        gamma: float = 2.0,
        map_alpha: float = 0.1,
        map_beta: float = 10.0,
        map_gamma: float = 0.9,
        kappa: float = 0.05,
        neg_scale: float = 2.0,
        reduction: Literal["mean", "batchmean", "sum"] = "mean",
    ) -> None:
        super().__init__(reduction)
        self.alpha, self.gamma = within("alpha", alpha, 0, 1), nonnegative("gamma", gamma)
        self.map_alpha, self.map_beta, self.map_gamma = map_alpha, map_beta, map_gamma
        self.kappa, self.neg_scale = kappa, positive("neg_scale", neg_scale)
        self.inverse: Tensor | None
        self.bias: Tensor | None
        self.register_buffer("inverse", None)
        self.register_buffer("bias", None)

    def prepare(self, stats: LabelStats) -> None:
        counts, total = stats.clamped()
        self.inverse = 1 / counts
        self.bias = -self.kappa * torch.log(total / counts - 1)

    def elements(self, logits: Tensor, targets: Tensor) -> Tensor:
        inverse, bias = prepared(self.inverse, self, logits), prepared(self.bias, self, logits)
        r = inverse / (targets * inverse).sum(dim=1, keepdim=True)
        weight = r.sub_(self.map_gamma).mul_(self.map_beta).sigmoid_().add_(self.map_alpha)
        weight *= balance(targets, self.alpha, (1 - self.alpha) / self.neg_scale)
        return weight * focal_terms((logits + bias) * balance(targets, -1, self.neg_scale), self.gamma)
