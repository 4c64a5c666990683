from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor

from mlbench.losses.asl import AsymmetricLoss, clipped, focused, nll_qm
from mlbench.losses.base import Identities, Outputs, register_loss
from mlbench.losses.parts.checks import nonnegative
from mlbench.search_space import Choice


@register_loss("partial_asl")
class PartialAsymmetricLoss(AsymmetricLoss):
    """Partial asymmetric loss: ASL that takes an unknown entry for a negative, damped by an exponent of its own.

        known:   −[y (1 − p)^γ₊ log p + (1 − y)(1 − q_m)^γ₋ log q_m],  p = σ(x), q_m = min(1 − p + clip, 1)
        unknown: −w (1 − q_m)^γᵤ log q_m,  w = `weight_unknown`

    Shapes: logits x and targets y, both [B, L], `known` [B, L], 0 where the entry is unknown; a scalar under
    `reduction`, "mean" over all entries. y may be soft. Without `known`, it is `asl` with these exponents; with w 0,
    unknown entries are left out. The focusing weights carry no gradient unless `focus_grad`.
    Errors: ValueError for an exponent or weight below 0, or a clip outside [0, 1).
    Source: Ben-Baruch et al. 2022, "Multi-label Classification with Partial Annotations using Class-aware Selective
    Loss", CVPR, https://arxiv.org/abs/2110.10955; exponents 0, 1 and 2, weights 1 and clip 0 are the defaults of the
    released code, which sums over B·L. What it builds on top is left out: which of the unknown entries to leave out,
    by how likely a label is. The logarithms are exact here, floored at 1e-8 there.
    """

    needs = {"logits"}
    accepts = {"known"}
    soft_targets = True
    weighs_unknown = True
    exact_gradient = {"focus_grad": True}
    identities: ClassVar[Identities] = (({}, "asl", {"gamma_neg": 1.0, "gamma_pos": 0.0, "clip": 0.0}),)
    # The exponent of unknown entries is not searched: few datasets have any, and there alone it does something.
    search_space = {
        "gamma_neg": Choice(1.0, 2.0, 4.0),
        "gamma_pos": Choice(0.0, 1.0),
        "clip": Choice(0.0, 0.05),
    }

    def __init__(
        self,
        gamma_neg: float = 1.0,
        gamma_pos: float = 0.0,
        gamma_unknown: float = 2.0,
        weight_unknown: float = 1.0,
        clip: float = 0.0,
        focus_grad: bool = False,
        reduction: Literal["mean", "batchmean", "sum"] = "mean",
    ) -> None:
        super().__init__(gamma_neg, gamma_pos, clip, None, focus_grad, reduction)
        self.gamma_unknown = nonnegative("gamma_unknown", gamma_unknown)
        self.weight_unknown = nonnegative("weight_unknown", weight_unknown)

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        known = out.known
        if known is None:
            return super().forward(out, targets)
        divisor = {"mean": known.numel(), "batchmean": len(known), "sum": 1}[self.reduction]
        return self.terms(out, targets).sum() / divisor

    def terms(self, out: Outputs, targets: Tensor) -> Tensor:
        """The terms [B, L], of known and of unknown entries."""
        known = self.elements(out.logits, targets)
        return known if out.known is None else self.unknown(out.logits).lerp(known, out.known)

    def unknown(self, logits: Tensor) -> Tensor:
        """The term of an entry that is unknown."""
        _, q_m = clipped(logits, self.clip)
        term = nll_qm(logits, q_m, self.clip, None)
        return self.weight_unknown * focused(term, 1 - q_m, self.gamma_unknown, self.focus_grad)
