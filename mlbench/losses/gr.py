from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

from mlbench.losses.base import Identities, register_loss
from mlbench.losses.parts.checks import positive
from mlbench.losses.parts.elementwise import TwoSidedLoss
from mlbench.search_space import Choice


@register_loss("gr")
class GeneralizedRobust(TwoSidedLoss):
    """Generalized robust loss: a negative is a missed label with a probability that grows with its score.

        positives: −log p,  p = σ(x)
        negatives: V [k (1 − p^q₂)/q₂ + (1 − k)(1 − (1 − p)^q₃)/q₃],  k = σ(w p + b),  V = e^{−½ ((p − μ)/s)²}

    Shapes: logits x and targets y, both [B, L]; a scalar under `reduction`. y may be soft: the two terms are weighed
    by y and 1 − y. Over a training of E epochs, counted from 0, w goes from `w_start` to `w_end` as epoch/E, μ and s
    (`mu_…`, `sigma_…`) as (epoch + 1)/E; before the first `on_epoch_start` they are at their starts. k and V carry no
    gradient unless `weight_grad`. Errors: ValueError for a q or sigma that is not above 0.
    Source: Chen et al. 2024, "Boosting Single Positive Multi-label Classification with Generalized Robust Loss", IJCAI,
    https://arxiv.org/abs/2405.03501; the constants are the defaults of the released code, which means over B·L. It was
    made for rows with one positive known, the others taken for negatives. −log p is exact here, of p + 1e-7 there.
    """

    needs = {"logits"}
    soft_targets = True
    exact_gradient = {"weight_grad": True}
    identities: ClassVar[Identities] = (
        ({"q3": 1e-12, "w_end": 0.0, "b": -50.0, "sigma_start": 1e9, "sigma_end": 1e9}, "bce", {}),
    )
    search_space = {
        "q3": Choice(0.5, 1.0),
        "w_end": Choice(1.0, 2.0, 4.0),
        "sigma_end": Choice(0.3, 0.5, 1.0),
    }

    def __init__(
        self,
        q2: float = 0.01,
        q3: float = 1.0,
        w_start: float = 0.0,
        w_end: float = 2.0,
        b: float = -2.0,
        mu_start: float = 0.5,
        mu_end: float = 0.8,
        sigma_start: float = 2.0,
        sigma_end: float = 0.5,
        weight_grad: bool = False,
        reduction: Literal["mean", "batchmean", "sum"] = "mean",
    ) -> None:
        super().__init__(reduction)
        self.q2, self.q3, self.b = positive("q2", q2), positive("q3", q3), b
        self.w_start, self.w_end = w_start, w_end
        self.mu_start, self.mu_end = mu_start, mu_end
        self.sigma_start = positive("sigma_start", sigma_start)
        self.sigma_end = positive("sigma_end", sigma_end)
        self.weight_grad = weight_grad
        self.w, self.mu, self.sigma = w_start, mu_start, self.sigma_start

    def on_epoch_start(self, epoch: int, epochs: int) -> None:
        gone, begun = epoch / epochs, (epoch + 1) / epochs
        self.w = self.w_start + (self.w_end - self.w_start) * gone
        self.mu = self.mu_start + (self.mu_end - self.mu_start) * begun
        self.sigma = self.sigma_start + (self.sigma_end - self.sigma_start) * begun

    def present(self, logits: Tensor) -> Tensor:
        return softplus(-logits)

    def absent(self, logits: Tensor) -> Tensor:
        p = logits.sigmoid() if self.weight_grad else logits.detach().sigmoid()
        missed = torch.sigmoid(self.w * p + self.b)
        weight = torch.exp(-0.5 * ((p - self.mu) / self.sigma).square())
        return weight * tempered(-logits, self.q3).lerp(tempered(logits, self.q2), missed)


def tempered(logits: Tensor, q: float) -> Tensor:
    """(1 − p^q)/q, p = σ(x), which goes from 1 − p at q = 1 to −log p as q goes to 0."""
    return (-logits).sigmoid() if q == 1 else torch.expm1(q * logsigmoid(logits)) / -q
