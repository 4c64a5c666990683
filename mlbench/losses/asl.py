from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor
from torch.nn.functional import hardtanh, softplus

from mlbench.losses.base import Identities, register_loss
from mlbench.losses.parts.checks import nonnegative, within
from mlbench.losses.parts.elementwise import TwoSidedLoss, power
from mlbench.search_space import Choice


@register_loss("asl")
class AsymmetricLoss(TwoSidedLoss):
    """Asymmetric loss: focal with one exponent for each side, and easy negatives dropped altogether.

        −[y (1 − p)^γ₊ log p + (1 − y)(1 − q_m)^γ₋ log q_m],  p = σ(x), q_m = min(1 − p + clip, 1)

    Shapes: logits x and targets y, both [B, L]; a scalar under `reduction`. y may be soft.
    The focusing weights carry no gradient unless `focus_grad`; the value is the same. The logarithms are
    exact; `eps` a number floors p and q_m there, as the released code does (1e-8, seen beyond |x| ≈ 18 only).
    Errors: ValueError for an exponent below 0, a clip outside [0, 1) or an eps that is not above 0.
    Source: Ridnik et al. 2021, "Asymmetric Loss For Multi-Label Classification",
    https://arxiv.org/abs/2009.14119. γ₋ 4, γ₊ 0, clip 0.05 are those of the training scripts (the released
    class has γ₊ 1 as its default), which sum over B·L and switch the weights' gradient off.
    """

    needs = {"logits"}
    accepts = {"known"}
    soft_targets = True
    exact_gradient = {"focus_grad": True}
    identities: ClassVar[Identities] = (({"gamma_neg": 0.0, "gamma_pos": 0.0, "clip": 0.0}, "bce", {}),)
    search_space = {
        "gamma_neg": Choice(2.0, 4.0, 6.0),
        "gamma_pos": Choice(0.0, 1.0),
        "clip": Choice(0.0, 0.05),
    }

    def __init__(
        self,
        gamma_neg: float = 4.0,
        gamma_pos: float = 0.0,
        clip: float = 0.05,
        eps: float | None = None,
        focus_grad: bool = False,
        reduction: Literal["mean", "batchmean", "sum"] = "mean",
    ) -> None:
        super().__init__(reduction)
        self.gamma_neg = nonnegative("gamma_neg", gamma_neg)
        self.gamma_pos = nonnegative("gamma_pos", gamma_pos)
        self.clip = within("clip", clip, 0, 0.999)
        self.eps = None if eps is None else within("eps", eps, 1e-30, 0.1)
        self.focus_grad = focus_grad

    def present(self, logits: Tensor) -> Tensor:
        return focused(nll_p(logits, self.eps), (-logits).sigmoid(), self.gamma_pos, self.focus_grad)

    def absent(self, logits: Tensor) -> Tensor:
        _, q_m = clipped(logits, self.clip)
        term = nll_qm(logits, q_m, self.clip, self.eps)
        return focused(term, 1 - q_m, self.gamma_neg, self.focus_grad)


def clipped(logits: Tensor, clip: float) -> tuple[Tensor, Tensor]:
    """q = 1 − p, and q_m = min(q + clip, 1)."""
    q = (-logits).sigmoid()
    # hardtanh is a clamp whose gradient takes one pass instead of three.
    return q, hardtanh(q + clip, 0, 1) if clip > 0 else q


def nll_p(logits: Tensor, eps: float | None) -> Tensor:
    """−log p, of p floored at `eps` where that is a number."""
    return softplus(-logits) if eps is None else -logits.sigmoid().clamp(min=eps).log()


def nll_qm(logits: Tensor, q_m: Tensor, clip: float, eps: float | None) -> Tensor:
    """−log q_m, of q_m floored at `eps` where that is a number."""
    if eps is not None:
        return -q_m.clamp(min=eps).log()
    # Shifted by clip, q_m stays clear of 0 and its logarithm is exact as it stands.
    return -q_m.log() if clip > 0 else softplus(logits)


def focused(term: Tensor, wrong: Tensor, gamma: float, focus_grad: bool) -> Tensor:
    """`wrong`^γ · `term`, the weight without gradient unless `focus_grad`."""
    if gamma == 0:
        return term
    return power(wrong if focus_grad else wrong.detach(), gamma) * term
