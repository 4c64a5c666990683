"""The metrics of yes and no: each is read under every threshold policy.

A ratio without denominator is 0, as in scikit-learn: precision where nothing is predicted, recall and F1 of a
sample without labels. Labels without a positive in the split are left out of the means over labels.
"""

from __future__ import annotations

from torch import Tensor

from mlbench.metrics.base import Metric
from mlbench.metrics.views.decisions import Decisions
from mlbench.registry import METRICS

register_metric = METRICS.register


@register_metric("f1_micro")
class MicroF1(Metric):
    """F1 of all sample-label entries together: frequent labels weigh most. KMCL's OF1."""

    kind = "decision"
    direction = "higher"
    bounds = (0.0, 1.0)
    formula = "2 Σ tp / (2 Σ tp + Σ fp + Σ fn)"
    bootstrapped = True

    def __call__(self, view: Decisions) -> Tensor:
        return view.labels.total().f1()


@register_metric("precision_micro")
class MicroPrecision(Metric):
    """Precision of all sample-label entries together. KMCL's OP."""

    kind = "decision"
    direction = "higher"
    bounds = (0.0, 1.0)
    formula = "Σ tp / (Σ tp + Σ fp)"

    def __call__(self, view: Decisions) -> Tensor:
        return view.labels.total().precision()


@register_metric("recall_micro")
class MicroRecall(Metric):
    """Recall of all sample-label entries together. KMCL's OR."""

    kind = "decision"
    direction = "higher"
    bounds = (0.0, 1.0)
    formula = "Σ tp / (Σ tp + Σ fn)"

    def __call__(self, view: Decisions) -> Tensor:
        return view.labels.total().recall()


@register_metric("f1_macro")
class MacroF1(Metric):
    """The mean over labels of F1: a rare label counts as much as a frequent one."""

    kind = "decision"
    direction = "higher"
    bounds = (0.0, 1.0)
    formula = "mean_l 2 tp_l / (2 tp_l + fp_l + fn_l)"
    by_label = True
    bootstrapped = True

    def __call__(self, view: Decisions) -> Tensor:
        return view.labels.f1()


@register_metric("precision_macro")
class MacroPrecision(Metric):
    """The mean over labels of precision. KMCL's CP."""

    kind = "decision"
    direction = "higher"
    bounds = (0.0, 1.0)
    formula = "mean_l tp_l / (tp_l + fp_l)"
    by_label = True

    def __call__(self, view: Decisions) -> Tensor:
        return view.labels.precision()


@register_metric("recall_macro")
class MacroRecall(Metric):
    """The mean over labels of recall. KMCL's CR."""

    kind = "decision"
    direction = "higher"
    bounds = (0.0, 1.0)
    formula = "mean_l tp_l / (tp_l + fn_l)"
    by_label = True

    def __call__(self, view: Decisions) -> Tensor:
        return view.labels.recall()


@register_metric("cf1")
class ClassF1(Metric):
    """The harmonic mean of macro precision and macro recall, KMCL's CF1; it is not macro-F1."""

    kind = "decision"
    direction = "higher"
    bounds = (0.0, 1.0)
    formula = "2 CP CR / (CP + CR)"

    def __call__(self, view: Decisions) -> Tensor:
        present = view.labels.positives > 0
        precision, recall = (
            values.where(present, 0.0).sum(-1) / present.sum(-1)
            for values in (view.labels.precision(), view.labels.recall())
        )
        return 2 * precision * recall / (precision + recall).where(precision + recall != 0, 1.0)


@register_metric("mcc_macro")
class MacroMCC(Metric):
    """The mean over labels of Matthews' correlation; 0 where a row or column of the table is empty."""

    kind = "decision"
    direction = "higher"
    bounds = (-1.0, 1.0)
    formula = "mean_l (tp tn − fp fn) / √((tp+fp)(tp+fn)(tn+fp)(tn+fn))"
    by_label = True

    def __call__(self, view: Decisions) -> Tensor:
        label = view.labels
        covariance = label.true_positives * label.scored - label.predicted * label.positives
        variances = [n * (label.scored - n) for n in (label.predicted, label.positives)]
        product = variances[0].sqrt() * variances[1].sqrt()
        return covariance / product.where(product > 0, 1.0)


@register_metric("f1_sample")
class SampleF1(Metric):
    """The mean over samples of F1; 0 for a sample without labels."""

    kind = "decision"
    direction = "higher"
    bounds = (0.0, 1.0)
    formula = "mean_i 2 |ŷ_i ∩ y_i| / (|ŷ_i| + |y_i|)"
    bootstrapped = True

    def __call__(self, view: Decisions) -> Tensor:
        return view.mean_over_samples(view.samples.f1())


@register_metric("precision_sample")
class SamplePrecision(Metric):
    """The mean over samples of precision; 0 for a sample without predictions."""

    kind = "decision"
    direction = "higher"
    bounds = (0.0, 1.0)
    formula = "mean_i |ŷ_i ∩ y_i| / |ŷ_i|"

    def __call__(self, view: Decisions) -> Tensor:
        return view.mean_over_samples(view.samples.precision())


@register_metric("recall_sample")
class SampleRecall(Metric):
    """The mean over samples of recall; 0 for a sample without labels."""

    kind = "decision"
    direction = "higher"
    bounds = (0.0, 1.0)
    formula = "mean_i |ŷ_i ∩ y_i| / |y_i|"

    def __call__(self, view: Decisions) -> Tensor:
        return view.mean_over_samples(view.samples.recall())


@register_metric("hamming_loss")
class HammingLoss(Metric):
    """The share of scored sample-label entries that are decided wrongly."""

    kind = "decision"
    direction = "lower"
    bounds = (0.0, 1.0)
    formula = "Σ (fp + fn) / (N·L)"
    bootstrapped = True

    def __call__(self, view: Decisions) -> Tensor:
        total = view.labels.total()
        return (total.predicted + total.positives - 2 * total.true_positives) / total.scored


@register_metric("subset_accuracy")
class SubsetAccuracy(Metric):
    """The share of samples whose every scored label is decided rightly."""

    kind = "decision"
    direction = "higher"
    bounds = (0.0, 1.0)
    formula = "mean_i [ŷ_i = y_i]"
    bootstrapped = True

    def __call__(self, view: Decisions) -> Tensor:
        sample = view.samples
        exact = (sample.true_positives == sample.predicted) & (sample.true_positives == sample.positives)
        return view.mean_over_samples(exact.double())
