from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from mlbench.losses.base import LabelStats, Outputs, register_loss
from mlbench.losses.parts.checks import nonnegative, prepared
from mlbench.losses.parts.elementwise import ElementwiseLoss
from mlbench.search_space import Choice

AT_FIRST = 100.0
"""The quotient before any gradient was seen: both weights are 1 then."""


@register_loss("eqlv2")
class EqualizationV2(ElementwiseLoss):
    """Equalization loss v2: BCE that weighs each label by the gradient its two sides have had so far.

        −[w₊ y log p + w₋ (1 − y) log(1 − p)],  p = σ(x)
        w₋ = σ(γ (g_k − μ)),  w₊ = 1 + α (1 − w₋),  g_k = Σ w₊ y (1 − p) / Σ w₋ (1 − y) p

    Shapes: logits x and targets y, both [B, L]; a scalar under `reduction`. The sums of g_k are over all batches before
    this one; g_k is 100 before the first. The sums move in training mode, and `prepare` sets them to 0. The weights
    carry no gradient, and come from earlier batches. Errors: ValueError for a gamma, mu or alpha below 0, or before
    `prepare`.
    Source: Tan et al. 2021, "Equalization Loss v2: A New Gradient Balance Approach for Long-tailed Object Detection",
    CVPR, https://arxiv.org/abs/2012.08548; γ 12, μ 0.8 and α 4 are the released code's, which sums over labels and
    means over samples. Its background class, which keeps a weight of 1, has no place here.
    """

    needs = {"logits"}
    per_sample = False
    stateful = True
    search_space = {
        "gamma": Choice(6.0, 12.0, 24.0),
        "mu": Choice(0.4, 0.8, 1.2),
        "alpha": Choice(0.0, 2.0, 4.0, 8.0),
    }
    without_effect = {"mu": {"gamma": 0.0}}

    def __init__(
        self,
        gamma: float = 12.0,
        mu: float = 0.8,
        alpha: float = 4.0,
        reduction: Literal["mean", "batchmean", "sum"] = "mean",
    ) -> None:
        super().__init__(reduction)
        self.gamma, self.mu = nonnegative("gamma", gamma), nonnegative("mu", mu)
        self.alpha = nonnegative("alpha", alpha)
        self.sums: Tensor | None
        self.register_buffer("sums", None)

    def prepare(self, stats: LabelStats) -> None:
        self.sums = torch.zeros(2, len(stats.counts), dtype=torch.float64, device=stats.counts.device)

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        value = super().forward(out, targets)
        self.collect(out, targets)
        return value

    def terms(self, out: Outputs, targets: Tensor) -> Tensor:
        """The terms [B, L] by the sums so far, which then move."""
        found = self.elements(out.logits, targets)
        self.collect(out, targets)
        return found

    def collect(self, out: Outputs, targets: Tensor) -> None:
        """Add the gradients of a batch to the sums, in training mode."""
        if self.training and self.sums is not None:
            p = out.logits.detach().sigmoid()
            seen = self.weights(targets) * (targets - p).abs()
            self.sums += torch.stack([(seen * targets).sum(dim=0), (seen * (1 - targets)).sum(dim=0)])

    def elements(self, logits: Tensor, targets: Tensor) -> Tensor:
        terms = binary_cross_entropy_with_logits(logits, targets, reduction="none")
        return self.weights(targets) * terms

    def weights(self, targets: Tensor) -> Tensor:
        """w₊ where a target is 1, w₋ where it is 0, [B, L], by the sums so far."""
        positives, negatives = prepared(self.sums, self, targets)
        quotient = positives / negatives.clamp(min=1e-10)
        quotient = quotient.masked_fill((positives == 0) & (negatives == 0), AT_FIRST)
        of_negatives = torch.sigmoid(self.gamma * (quotient - self.mu))
        of_positives = 1 + self.alpha * (1 - of_negatives)
        return of_negatives.lerp(of_positives, targets)
