from __future__ import annotations

from torch import Tensor
from torch.nn.functional import relu

from mlbench.losses.base import Loss, Outputs, register_loss
from mlbench.losses.parts.checks import positive
from mlbench.losses.parts.masking import masked_mean
from mlbench.search_space import Choice


@register_loss("aucm")
class AucMargin(Loss):
    """AUC margin: a label's positives close together, its negatives too, and a margin between the two means.

        mean over k of Var₊ p + Var₋ p + max(0, m − (mean₊ p − mean₋ p))²,  p = σ(x)

    Shapes: logits x and targets y, both [B, L]; the means and variances are of one label's positives and of its
    negatives in the batch, m is `margin`. It sees the batch as a whole; a label that lacks either plays no part. It
    orders the samples of a label only, so it has no threshold.
    Errors: ValueError for a margin that is not above 0.
    Source: Yuan et al. 2021, "Large-scale Robust Deep AUC Maximization", ICCV, https://arxiv.org/abs/2012.03173,
    in the form without the class prior (version "v2" of LibAUC), m 1. There it is a minimum over a and b and a
    maximum over α ≥ 0, optimised along with the weights; here those have their best values for the batch, which
    are closed forms (derived). LibAUC's multi-label class leaves the margin out of its version "v1".
    """

    needs = {"logits"}
    threshold = None
    search_space = {"margin": Choice(0.6, 0.8, 1.0)}

    def __init__(self, margin: float = 1.0) -> None:
        super().__init__()
        self.margin = positive("margin", margin)

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        p, absent = out.logits.sigmoid(), 1 - targets
        mean_pos, var_pos = moments(p, targets)
        mean_neg, var_neg = moments(p, absent)
        terms = var_pos + var_neg + relu(self.margin - (mean_pos - mean_neg)).square()
        return masked_mean(terms, targets.any(dim=0) & absent.any(dim=0))


def moments(values: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """The mean and the variance of each column of `values` [B, L] where `mask` is 1, both [L]; 0 where it never is."""
    share = mask / mask.sum(dim=0).clamp(min=1)
    mean = (share * values).sum(dim=0)
    return mean, (share * (values - mean).square()).sum(dim=0)
