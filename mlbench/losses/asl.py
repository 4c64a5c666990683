from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor
from torch.nn.functional import logsigmoid

from mlbench.losses.base import Identities, register_loss
from mlbench.losses.checks import nonnegative, within
from mlbench.losses.elementwise import ElementwiseLoss, power
from mlbench.search_space import Choice


@register_loss("asl")
class AsymmetricLoss(ElementwiseLoss):
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

    def elements(self, logits: Tensor, targets: Tensor) -> Tensor:
        log_p, log_qm, _ = log_probabilities(logits, self.clip, self.eps)
        focus_pos, focus_neg = focus(logits, self.gamma_pos, self.gamma_neg, self.clip, self.focus_grad)
        return -(focus_neg * log_qm).lerp(focus_pos * log_p, targets)


def log_probabilities(logits: Tensor, clip: float, eps: float | None) -> tuple[Tensor, Tensor, Tensor]:
    """(log p, log q_m, q_m) of `logits` [B, L]; with `eps`, p and q_m are floored before the logarithm."""
    q_m = (-logits).sigmoid()
    if clip > 0:
        q_m = (q_m + clip).clamp(max=1)
    if eps is not None:
        return logits.sigmoid().clamp(min=eps).log(), q_m.clamp(min=eps).log(), q_m
    # Shifted by clip, q_m stays clear of 0 and its logarithm is exact as it stands.
    return logsigmoid(logits), q_m.log() if clip > 0 else logsigmoid(-logits), q_m


def focus(
    logits: Tensor, gamma_pos: float, gamma_neg: float, clip: float, focus_grad: bool
) -> tuple[Tensor, Tensor]:
    """The weights (1 − p)^γ₊ and (1 − q_m)^γ₋ [B, L], without gradient unless `focus_grad`."""
    x = logits if focus_grad else logits.detach()
    p = x.sigmoid()
    return power((-x).sigmoid(), gamma_pos), power((p - clip).clamp(min=0) if clip > 0 else p, gamma_neg)
