from __future__ import annotations

from torch import Tensor

from mlbench.losses.base import Loss, Outputs, register_loss


@register_loss("pairwise_exp")
class PairwiseExponential(Loss):
    """Pairwise exponential: each negative's probability held below each positive's.

        mean over i of 1/(|neg_i| |pos_i|) Σ_{k∈neg_i} Σ_{c∈pos_i} e^{p_ik − p_ic},  p = σ(x)

    Shapes: logits x and targets y, both [B, L]. A row without a positive or without a negative gives 0. The
    sum over pairs is a product: the mean of e^p over the negatives times the mean of e^−p over the positives.
    Source: the label-correlation-aware term of SpanEmo, Alhuzali and Ananiadou 2021,
    https://arxiv.org/abs/2101.10038, itself of the kin of LSEP (Li et al. 2017); it has no constants.
    """

    needs = {"logits"}
    per_sample = True
    search_space = {}

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        p = out.logits.sigmoid()
        rise, fall = row_mean(p.exp(), 1 - targets), row_mean((-p).exp(), targets)
        return (rise * fall).mean()


def row_mean(values: Tensor, mask: Tensor) -> Tensor:
    """The mean of each row of `values` [B, L] where `mask` is 1; 0 where it never is."""
    return (values * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
