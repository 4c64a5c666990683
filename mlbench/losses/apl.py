from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor

from mlbench.losses.asl import clipped, focused, nll_p, nll_qm
from mlbench.losses.base import Identities, register_loss
from mlbench.losses.parts.checks import nonnegative, within
from mlbench.losses.parts.elementwise import TwoSidedLoss
from mlbench.search_space import Choice


@register_loss("apl")
class AsymmetricPolynomialLoss(TwoSidedLoss):
    """Asymmetric polynomial loss: ASL whose logarithms have their first Taylor coefficients changed.

        −[y (1 − p)^γ₊ (log p + ε₁(1 − p) + ½ ε₂(1 − p)²) + (1 − y)(1 − q_m)^γ₋ (log q_m + ε₋ q_m)]
        p = σ(x),  q_m = min(1 − p + clip, 1);   ε₁, ε₂, ε₋ = `eps_pos`, `eps_pos2`, `eps_neg`

    Shapes: logits x and targets y, both [B, L]; a scalar under `reduction`. y may be soft.
    The focusing weights carry no gradient unless `focus_grad`; `eps` a number floors p and q_m inside the
    logarithms. With ε₁ = ε₂ = ε₋ = 0 it is asl.
    Errors: as asl.
    Source: Park et al. 2023, "Asymmetric Polynomial Loss For Multi-Label Classification",
    https://arxiv.org/abs/2304.05361; the constants are those of its released code, which sums over B·L.
    """

    needs = {"logits"}
    accepts = {"known"}
    soft_targets = True
    exact_gradient = {"focus_grad": True}
    identities: ClassVar[Identities] = (({"eps_pos": 0.0, "eps_pos2": 0.0}, "asl", {}),)
    search_space = {
        "gamma_neg": Choice(2.0, 4.0, 6.0),
        "clip": Choice(0.0, 0.05),
        "eps_pos": Choice(0.0, 1.0),
        "eps_pos2": Choice(-2.5, -1.0, 0.0),
    }

    def __init__(
        self,
        gamma_neg: float = 4.0,
        gamma_pos: float = 0.0,
        clip: float = 0.05,
        eps: float | None = None,
        eps_pos: float = 1.0,
        eps_pos2: float = -2.5,
        eps_neg: float = 0.0,
        focus_grad: bool = False,
        reduction: Literal["mean", "batchmean", "sum"] = "mean",
    ) -> None:
        super().__init__(reduction)
        self.gamma_neg = nonnegative("gamma_neg", gamma_neg)
        self.gamma_pos = nonnegative("gamma_pos", gamma_pos)
        self.clip = within("clip", clip, 0, 0.999)
        self.eps = None if eps is None else within("eps", eps, 1e-30, 0.1)
        self.eps_pos, self.eps_pos2, self.eps_neg = eps_pos, eps_pos2, eps_neg
        self.focus_grad = focus_grad

    def present(self, logits: Tensor) -> Tensor:
        q = (-logits).sigmoid()
        term = nll_p(logits, self.eps) - self.eps_pos * q - 0.5 * self.eps_pos2 * q.square()
        return focused(term, q, self.gamma_pos, self.focus_grad)

    def absent(self, logits: Tensor) -> Tensor:
        _, q_m = clipped(logits, self.clip)
        return focused(self.negative_term(logits, q_m), 1 - q_m, self.gamma_neg, self.focus_grad)

    def negative_term(self, logits: Tensor, q_m: Tensor) -> Tensor:
        """−(log q_m + ε₋ q_m)."""
        term = nll_qm(logits, q_m, self.clip, self.eps)
        return term - self.eps_neg * q_m if self.eps_neg else term
