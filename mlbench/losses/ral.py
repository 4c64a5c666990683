from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor
from torch.nn.functional import hardtanh

from mlbench.losses.apl import AsymmetricPolynomialLoss
from mlbench.losses.asl import focused
from mlbench.losses.base import Identities, register_loss
from mlbench.search_space import Choice


@register_loss("ral")
class RobustAsymmetricLoss(AsymmetricPolynomialLoss):
    """Robust asymmetric loss: APL whose negative term is damped by Hill's factor, for long tails.

        −[y (1 − p)^γ₊ (log p + ε₁(1 − p) + ½ ε₂(1 − p)²)
          + (1 − y)(1 − q_m)^γ₋ (log q_m + ε₋ q_m) (λ − p) p² (λ − q_m)]
        p = σ(x),  q_m = min(1 − p + clip, 1),  λ = `lam`;   ε₁, ε₂, ε₋ = `eps_pos`, `eps_pos2`, `eps_neg`

    Shapes: logits x and targets y, both [B, L]; a scalar under `reduction`. y may be soft.
    With `focus_grad` False the focusing weights (1 − p)^γ₊ and (1 − q_m)^γ₋ carry no gradient; Hill's factor
    always does.
    Errors: as asl.
    Source: Park et al. 2023, "Robust Asymmetric Loss for Multi-Label Long-Tailed Learning",
    https://arxiv.org/abs/2308.05542; λ 1.5 and the other constants are those of its released code, which sums
    over B·L.
    """

    needs = {"logits"}
    accepts = {"known"}
    soft_targets = True
    exact_gradient = {"focus_grad": True}
    identities: ClassVar[Identities] = ()
    search_space = {
        "gamma_neg": Choice(2.0, 4.0, 6.0),
        "clip": Choice(0.0, 0.05),
        "lam": Choice(1.0, 1.5, 2.0),
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
        lam: float = 1.5,
        focus_grad: bool = True,
        reduction: Literal["mean", "batchmean", "sum"] = "mean",
    ) -> None:
        super().__init__(gamma_neg, gamma_pos, clip, eps, eps_pos, eps_pos2, eps_neg, focus_grad, reduction)
        self.lam = lam

    def absent(self, logits: Tensor) -> Tensor:
        p = logits.sigmoid()
        wrong = hardtanh(p - self.clip, 0, 1) if self.clip > 0 else p
        q_m = 1 - wrong
        # (1 − q_m)^γ₋ p² as one square, (q_m − λ)(p − λ) for (λ − q_m)(λ − p): the fewest passes, there and back.
        root = focused(p, wrong, self.gamma_neg / 2, self.focus_grad)
        return self.negative_term(logits, q_m) * ((q_m - self.lam) * (p - self.lam)) * (root * root)
