"""The metrics of probabilities. Losses are not ranked by them: most fix no probability, and say so."""

from __future__ import annotations

from torch import Tensor

from mlbench.metrics.base import Metric
from mlbench.metrics.views.probabilities import Probabilities
from mlbench.registry import METRICS

register_metric = METRICS.register


@register_metric("ece")
class ExpectedCalibrationError(Metric):
    """How far a label's probability is from its frequency, over 15 equal intervals of probability."""

    kind = "calibration"
    direction = "lower"
    bounds = (0.0, 1.0)
    formula = "mean_l (1/N) Σ_b |Σ_{i: p_il in b} (p_il − y_il)|"
    by_label = True
    ranked = False

    def __call__(self, view: Probabilities) -> Tensor:
        return view.excess.abs().sum(1) / view.scored.label_scored


@register_metric("brier")
class BrierScore(Metric):
    """The mean squared difference of a label's probability and what came true."""

    kind = "calibration"
    direction = "lower"
    bounds = (0.0, 1.0)
    formula = "mean_l mean_i (p_il − y_il)²"
    by_label = True
    ranked = False

    def __call__(self, view: Probabilities) -> Tensor:
        return view.squares / view.scored.label_scored


@register_metric("log_loss")
class LogLoss(Metric):
    """The mean of −log of the probability given to what came true; natural logarithm, not clipped."""

    kind = "calibration"
    direction = "lower"
    bounds = (0.0, None)
    formula = "mean_l mean_i −y_il log p_il − (1 − y_il) log(1 − p_il)"
    by_label = True
    ranked = False

    def __call__(self, view: Probabilities) -> Tensor:
        return view.surprises / view.scored.label_scored
