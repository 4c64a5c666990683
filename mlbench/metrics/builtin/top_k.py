"""The metrics of a sample's first k labels. Equal scores are taken in expectation over their random orders."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor

from mlbench.metrics.base import Metric
from mlbench.metrics.sorting import PositiveRanks
from mlbench.metrics.views.orders import Orders
from mlbench.registry import METRICS

register_metric = METRICS.register


@register_metric("one_error")
class OneError(Metric):
    """The share of samples whose first-ranked label is wrong; 1 for a sample without labels."""

    kind = "ranking"
    direction = "lower"
    bounds = (0.0, 1.0)
    formula = "1 − P@1"
    bootstrapped = True

    def __call__(self, view: Orders) -> Tensor:
        return view.mean_over_samples(1 - view.by_sample.sum(_share_in_top(view.by_sample, 1)))


@register_metric("precision_at_1")
@register_metric("precision_at_3")
@register_metric("precision_at_5")
class PrecisionAt(Metric):
    """The share of true labels among a sample's first k, or all of them where it has fewer."""

    kind = "ranking"
    direction = "higher"
    bounds = (0.0, 1.0)
    formula = "mean_i |top_k(i) ∩ y_i| / k"
    bootstrapped = True

    def __call__(self, view: Orders) -> Tensor:
        ranks = view.by_sample
        found = ranks.sum(_share_in_top(ranks, self.k))
        return view.mean_over_samples(found / ranks.scored.clamp(1, self.k))


@register_metric("recall_at_1")
@register_metric("recall_at_3")
@register_metric("recall_at_5")
class RecallAt(Metric):
    """The share of a sample's labels among its first k; samples without labels are left out."""

    kind = "ranking"
    direction = "higher"
    bounds = (0.0, 1.0)
    formula = "mean_i |top_k(i) ∩ y_i| / |y_i|"

    def __call__(self, view: Orders) -> Tensor:
        ranks = view.by_sample
        found = ranks.sum(_share_in_top(ranks, self.k))
        return view.mean_over_samples(found / ranks.positives, among=ranks.positives > 0)


@register_metric("psp_at_1")
@register_metric("psp_at_3")
@register_metric("psp_at_5")
class PropensityScoredPrecisionAt(Metric):
    """Precision at k in which a label counts by how easily it goes unobserved: rare labels count more.

    1/p_l weighs it (see `propensities`); the ratio of what was reached to the most that could be, each summed
    over the samples (Jain, Prabhu and Varma 2016). Absent where the training counts are not known.
    """

    kind = "ranking"
    direction = "higher"
    bounds = (0.0, 1.0)
    formula = "Σ_i Σ_{l ∈ top_k(i) ∩ y_i} 1/p_l, divided by the same of the best ranking"

    def __call__(self, view: Orders) -> Tensor:
        ranks = view.by_sample
        if view.propensities is None:
            return ranks.scored.new_tensor(torch.nan)
        gain = 1 / view.propensities[ranks.item]
        reached = ranks.sum(_share_in_top(ranks, self.k) * gain)
        falling = torch.argsort(ranks.list - gain / (gain.sum() + 1))
        place = torch.arange(len(gain), device=gain.device) - ranks.first()[ranks.list]
        best = ranks.sum(gain[falling].where(place < self.k, 0.0))
        return view.mean_over_samples(reached) / view.mean_over_samples(best)


@register_metric("ndcg_at_1")
@register_metric("ndcg_at_3")
@register_metric("ndcg_at_5")
class NormalisedDiscountedGainAt(Metric):
    """Normalised discounted cumulative gain of the first k; 0 for a sample without labels."""

    kind = "ranking"
    direction = "higher"
    bounds = (0.0, 1.0)
    formula = "mean_i DCG_k / best DCG_k,  DCG_k = Σ_{r ≤ k} y_(r) / log2(r + 1)"
    bootstrapped = True

    def __call__(self, view: Orders) -> Tensor:
        ranks = view.by_sample
        discounts = itertools.accumulate(
            (1 / math.log2(rank + 1) for rank in range(1, self.k + 1)), initial=0.0
        )
        discount = ranks.level.new_tensor(list(discounts))
        end, start = (discount[edge.clamp(max=self.k).long()] for edge in (ranks.level, ranks.above))
        gain = ranks.sum((end - start) / (ranks.level - ranks.above))
        best = discount[ranks.positives.clamp(max=self.k).long()]
        return view.mean_over_samples(gain / best.where(best > 0, 1.0))


def _share_in_top(ranks: PositiveRanks, k: int) -> Tensor:
    """Each positive's chance to be among its list's first k, equal scores in random order; [P]."""
    tied = ranks.level - ranks.above
    return (k - ranks.above).clamp(min=0).minimum(tied) / tied
