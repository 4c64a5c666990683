from __future__ import annotations

from typing import Literal

from torch import Tensor
from torch.nn.functional import softplus

from mlbench.losses.base import register_loss
from mlbench.losses.parts.checks import nonnegative
from mlbench.losses.parts.elementwise import TwoSidedLoss, power
from mlbench.search_space import Choice


@register_loss("hill")
class HillLoss(TwoSidedLoss):
    """Hill loss: negatives that score very high count less, since they may be labels that were missed.

        positives: −(1 − p')^γ log p',  p' = σ(x − margin)
        negatives: (λ − p) p²,  p = σ(x),  λ = `lam`

    Shapes: logits x and targets y, both [B, L]; a scalar under `reduction`. y may be soft: the two terms are
    weighed by y and 1 − y. With λ 1.5 the negative term is steepest at p = ½ and flat again at p = 1.
    Errors: ValueError for a gamma below 0.
    Source: Zhang et al. 2021, "Simple and Robust Loss Design for Multi-Label Learning with Missing Labels",
    https://arxiv.org/abs/2112.07368; λ 1.5, margin 1, γ 2 are theirs. The released code sums over B·L.
    """

    needs = {"logits"}
    soft_targets = True
    search_space = {"lam": Choice(1.0, 1.5, 2.0), "margin": Choice(0.0, 1.0), "gamma": Choice(0.0, 1.0, 2.0)}

    def __init__(
        self,
        lam: float = 1.5,
        margin: float = 1.0,
        gamma: float = 2.0,
        reduction: Literal["mean", "batchmean", "sum"] = "mean",
    ) -> None:
        super().__init__(reduction)
        self.lam, self.margin = lam, margin
        self.gamma = nonnegative("gamma", gamma)

    def present(self, logits: Tensor) -> Tensor:
        away = self.margin - logits
        return power(away.sigmoid(), self.gamma) * softplus(away)

    def absent(self, logits: Tensor) -> Tensor:
        p = logits.sigmoid()
        return (self.lam - p) * p.square()
