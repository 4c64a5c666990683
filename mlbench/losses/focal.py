from __future__ import annotations

from typing import Literal

from torch import Tensor
from torch.nn.functional import softplus

from mlbench.losses.base import register_loss
from mlbench.losses.parts.checks import nonnegative, within
from mlbench.losses.parts.elementwise import ElementwiseLoss, power
from mlbench.search_space import Choice


@register_loss("focal")
class FocalLoss(ElementwiseLoss):
    """Focal loss: cross-entropy that fades where the label is already told right.

        α_t (1 − p_t)^γ (−log p_t),  p_t = σ(x) where y = 1, 1 − σ(x) where y = 0;  α_t = α or 1 − α

    Shapes: logits x and targets y, both [B, L]; a scalar under `reduction`. With z = x where y = 1 and −x
    where y = 0, p_t = σ(z), so that −log p_t = softplus(−z) and 1 − p_t = σ(−z) are exact at both ends.
    Errors: ValueError for gamma below 0 or alpha outside [0, 1]. Source: Lin et al. 2017, "Focal Loss for
    Dense Object Detection", https://arxiv.org/abs/1708.02002; gamma 2 and alpha 0.25 are RetinaNet's. The
    paper sums over anchors and divides by the positive ones.
    """

    needs = {"logits"}
    accepts = {"known"}
    search_space = {"gamma": Choice(1.0, 2.0, 3.0), "alpha": Choice(None, 0.25, 0.5, 0.75)}

    def __init__(
        self,
        gamma: float = 2.0,
        alpha: float | None = 0.25,
        reduction: Literal["mean", "batchmean", "sum"] = "mean",
    ) -> None:
        super().__init__(reduction)
        self.gamma = nonnegative("gamma", gamma)
        self.alpha = None if alpha is None else within("alpha", alpha, 0, 1)

    def elements(self, logits: Tensor, targets: Tensor) -> Tensor:
        terms = focal_terms(away(logits, targets), self.gamma)
        return terms if self.alpha is None else terms * balance(targets, self.alpha, 1 - self.alpha)


def away(logits: Tensor, targets: Tensor) -> Tensor:
    """−x where y = 1, x where y = 0, of `logits` x and `targets` y in {0, 1}: the logit of 1 − p_t."""
    return logits * balance(targets, -1, 1)


def balance(targets: Tensor, present: float, absent: float) -> Tensor:
    """`present` where y = 1, `absent` where y = 0."""
    return targets.mul(present - absent).add_(absent)


def focal_terms(away: Tensor, gamma: float) -> Tensor:
    """(1 − p_t)^γ (−log p_t) [B, L], of the logit of 1 − p_t."""
    return power(away.sigmoid(), gamma) * softplus(away)
