from __future__ import annotations

import torch
from torch import Tensor

from mlbench.losses.base import Loss, Outputs, register_loss
from mlbench.losses.parts.checks import positive
from mlbench.search_space import Choice


@register_loss("soft_f1")
class SoftF1(Loss):
    """Soft F1: one minus the macro F1 of the batch, its counts made of probabilities.

        1 − mean over k of 2tp_k / (2tp_k + fn_k + fp_k),   s = σ(slope · (x + offset))
        tp = Σ_i y s,  fp = Σ_i (1 − y) s,  fn = Σ_i y (1 − s),   so 2tp + fn + fp = Σ_i y + Σ_i s

    Shapes: logits x and targets y, both [B, L]. It sees the batch as a whole: a label without a positive in
    it has an F1 of 0 and no gradient. Its threshold is −offset, where s is ½. Errors: ValueError for a slope
    that is not above 0. Source: Bénédict et al. 2021, "sigmoidF1: A Smooth F1 Score Surrogate Loss for
    Multilabel Classification", https://arxiv.org/abs/2108.10566. Its published slope and offset act on a
    score that is squashed already, which leaves dead gradients; here they act on the logit, and 1 and 0 leave
    it as it is.
    """

    needs = {"logits"}
    search_space = {"slope": Choice(0.5, 1.0, 2.0), "offset": Choice(-1.0, 0.0, 1.0)}

    def __init__(self, slope: float = 1.0, offset: float = 0.0) -> None:
        super().__init__()
        self.slope, self.offset = positive("slope", slope), offset
        self.threshold = -offset

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        soft = torch.sigmoid(self.slope * (out.logits + self.offset))
        true_positives = (targets * soft).sum(dim=0)
        # Where all scores of a label underflow and it has no positive, the quotient is 0, not 0/0.
        total = (targets + soft).sum(dim=0).clamp(min=torch.finfo(soft.dtype).tiny)
        return 1 - (2 * true_positives / total).mean()
