from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor
from torch.nn.functional import logsigmoid

from mlbench.losses.base import Identities, register_loss
from mlbench.losses.parts.checks import nonnegative
from mlbench.losses.parts.elementwise import ElementwiseLoss
from mlbench.search_space import LogUniform


@register_loss("wan")
class WeakAssumeNegative(ElementwiseLoss):
    """Weak assume-negative: BCE in which a negative counts little, since it may be a label that was missed.

        −[y log p + γ (1 − y) log(1 − p)],  p = σ(x),  γ = 1/(L − 1) where `gamma` is None (1 where L = 1)

    Shapes: logits x and targets y, both [B, L]; a scalar under `reduction`. y may be soft.
    Errors: ValueError for a gamma below 0.
    Source: Cole et al. 2021, "Multi-Label Learning from Single Positive Labels",
    https://arxiv.org/abs/2106.09708, eq. 5; its γ makes one positive weigh as much as all negatives of a row.
    """

    needs = {"logits"}
    soft_targets = True
    identities: ClassVar[Identities] = (({"gamma": 1.0}, "bce", {}),)
    search_space = {"gamma": LogUniform(0.01, 1.0)}

    def __init__(
        self, gamma: float | None = None, reduction: Literal["mean", "batchmean", "sum"] = "mean"
    ) -> None:
        super().__init__(reduction)
        self.gamma = None if gamma is None else nonnegative("gamma", gamma)

    def elements(self, logits: Tensor, targets: Tensor) -> Tensor:
        gamma = 1 / max(logits.shape[1] - 1, 1) if self.gamma is None else self.gamma
        return -(gamma * logsigmoid(-logits)).lerp(logsigmoid(logits), targets)
