"""The metrics of order: they read who scores above whom, and no threshold.

Equal scores: average precision and LRAP enter a tie group as a whole, AUROC counts half of it, the ranking
loss all of it as wrong.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mlbench.metrics.base import Metric
from mlbench.metrics.views.orders import Orders
from mlbench.registry import METRICS

register_metric = METRICS.register


@register_metric("map")
class MeanAveragePrecision(Metric):
    """Mean average precision (macro AP): each label's samples ranked by score; no interpolation."""

    kind = "ranking"
    direction = "higher"
    bounds = (0.0, 1.0)
    formula = "mean_l AP_l,  AP_l = mean over the label's positives i of precision among {j: s_j ≥ s_i}"
    by_label = True
    bootstrapped = True

    def __call__(self, view: Orders) -> Tensor:
        return view.by_label.average_precision()


@register_metric("ap_micro")
class MicroAveragePrecision(Metric):
    """Average precision of all sample-label entries in one ranked list."""

    kind = "ranking"
    direction = "higher"
    bounds = (0.0, 1.0)
    formula = "AP of the N·L entries as one list"

    def __call__(self, view: Orders) -> Tensor:
        return view.pooled.average_precision().squeeze()


@register_metric("auroc_macro")
class MacroAUROC(Metric):
    """Mean over labels of the area under the ROC curve; a label without positive or negative is left out."""

    kind = "ranking"
    direction = "higher"
    bounds = (0.0, 1.0)
    formula = "mean_l P(s⁺ > s⁻) + ½ P(s⁺ = s⁻)"
    by_label = True
    bootstrapped = True

    def __call__(self, view: Orders) -> Tensor:
        return view.by_label.area_under_roc()


@register_metric("auroc_micro")
class MicroAUROC(Metric):
    """Area under the ROC curve of all sample-label entries in one ranked list."""

    kind = "ranking"
    direction = "higher"
    bounds = (0.0, 1.0)
    formula = "P(s⁺ > s⁻) + ½ P(s⁺ = s⁻) over the N·L entries"

    def __call__(self, view: Orders) -> Tensor:
        return view.pooled.area_under_roc().squeeze()


@register_metric("lrap")
class LabelRankingAveragePrecision(Metric):
    """Label ranking average precision (sample AP): samples one by one; 1 for a sample without labels."""

    kind = "ranking"
    direction = "higher"
    bounds = (0.0, 1.0)
    formula = "mean_i mean over the sample's labels of precision among {k: s_ik ≥ s_il}"
    bootstrapped = True

    def __call__(self, view: Orders) -> Tensor:
        return view.mean_over_samples(view.by_sample.average_precision().nan_to_num(1.0))


@register_metric("ranking_loss")
class RankingLoss(Metric):
    """The share of a sample's (label, other) pairs in the wrong order, ties wrong; 0 where it has no pair."""

    kind = "ranking"
    direction = "lower"
    bounds = (0.0, 1.0)
    formula = "mean_i |{(l, k): y_il = 1, y_ik = 0, s_ik ≥ s_il}| / (|y_i| (L − |y_i|))"
    bootstrapped = True

    def __call__(self, view: Orders) -> Tensor:
        ranks = view.by_sample
        wrong = ranks.sum(ranks.level - ranks.positives_level)
        pairs = ranks.positives * (ranks.scored - ranks.positives)
        return view.mean_over_samples(wrong / pairs.clamp(min=1))


@register_metric("coverage_error")
class CoverageError(Metric):
    """How far down a sample's ranking one must go to meet all its labels; 0 for a sample without labels."""

    kind = "ranking"
    direction = "lower"
    bounds = (0.0, None)
    formula = "mean_i max over the sample's labels l of |{k: s_ik ≥ s_il}|"
    bootstrapped = True

    def __call__(self, view: Orders) -> Tensor:
        ranks = view.by_sample
        deepest = torch.zeros_like(ranks.scored).scatter_reduce_(0, ranks.list, ranks.level, "amax")
        return view.mean_over_samples(deepest)
