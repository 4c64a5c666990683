from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from mlbench.losses.base import Identities, Loss, Outputs, register_loss
from mlbench.losses.parts.checks import nonnegative
from mlbench.losses.parts.elementwise import power
from mlbench.search_space import Choice


@register_loss("dice")
class DiceLoss(Loss):
    """Dice loss: one minus the soft F1 of each label in the batch, smoothed, with easy scores damped.

        1 − mean over k of (2 Σ_i s y + ε) / (Σ_i s + Σ_i y + ε),  s = (1 − p)^α p,  p = σ(x)

    Shapes: logits x and targets y, both [B, L]. It sees the batch as a whole. With α and ε 0 it is `soft_f1`;
    with ε, a label without a positive in the batch has a gradient too.
    Errors: ValueError for an alpha or eps below 0.
    Source: Li et al. 2020, "Dice Loss for Data-imbalanced NLP Tasks", ACL, https://arxiv.org/abs/1911.02855; α 0
    and ε 1e-4 are the released class's, whose squared denominator and mining of hard examples are off by default
    and left out here.
    """

    needs = {"logits"}
    identities: ClassVar[Identities] = (({"alpha": 0.0, "eps": 0.0}, "soft_f1", {}),)
    search_space = {"alpha": Choice(0.0, 0.25, 0.5), "eps": Choice(1e-4, 1.0)}

    def __init__(self, alpha: float = 0.0, eps: float = 1e-4) -> None:
        super().__init__()
        self.alpha, self.eps = nonnegative("alpha", alpha), nonnegative("eps", eps)

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        soft = out.logits.sigmoid()
        if self.alpha:
            soft = power((-out.logits).sigmoid(), self.alpha) * soft
        shared = (targets * soft).sum(dim=0)
        # Where all scores of a label underflow, it has no positive and ε is 0, the quotient is 0, not 0/0.
        total = ((targets + soft).sum(dim=0) + self.eps).clamp(min=torch.finfo(soft.dtype).tiny)
        return 1 - ((2 * shared + self.eps) / total).mean()
