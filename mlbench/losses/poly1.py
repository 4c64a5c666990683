from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor

from mlbench.losses.base import Identities, register_loss
from mlbench.losses.focal import away, balance, focal_terms
from mlbench.losses.parts.checks import nonnegative, within
from mlbench.losses.parts.elementwise import ElementwiseLoss, power
from mlbench.search_space import Choice


@register_loss("poly1")
class Poly1FocalLoss(ElementwiseLoss):
    """Poly-1 focal: focal with its leading polynomial coefficient raised.

        α_t (1 − p_t)^γ (−log p_t) + ε (1 − p_t)^(γ+1),  p_t = σ(x) where y = 1, 1 − σ(x) where y = 0

    Shapes: logits x and targets y, both [B, L]; a scalar under `reduction`. α_t (1 where `alpha` is None)
    weighs the focal part only.
    Errors: ValueError for a gamma below 0 or an alpha outside [0, 1].
    Source: Leng et al. 2022, "PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions",
    https://arxiv.org/abs/2204.12511; ε 1 and γ 2 are those of its published focal code.
    """

    needs = {"logits"}
    accepts = {"known"}
    identities: ClassVar[Identities] = (({"epsilon": 0.0}, "focal", {"alpha": None}),)
    search_space = {"epsilon": Choice(-1.0, 1.0, 3.0), "gamma": Choice(0.0, 1.0, 2.0)}

    def __init__(
        self,
        epsilon: float = 1.0,
        gamma: float = 2.0,
        alpha: float | None = None,
        reduction: Literal["mean", "batchmean", "sum"] = "mean",
    ) -> None:
        super().__init__(reduction)
        self.epsilon = epsilon
        self.gamma = nonnegative("gamma", gamma)
        self.alpha = None if alpha is None else within("alpha", alpha, 0, 1)

    def elements(self, logits: Tensor, targets: Tensor) -> Tensor:
        wrong = away(logits, targets)
        focal = focal_terms(wrong, self.gamma)
        if self.alpha is not None:
            focal = focal * balance(targets, self.alpha, 1 - self.alpha)
        return focal.add(power(wrong.sigmoid(), self.gamma + 1), alpha=self.epsilon)
