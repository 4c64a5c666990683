"""One temperature for all logits of a model: what makes their sigmoid closest to what comes true.

σ(z / T) with the T > 0 of least log loss over the scored entries of one split (Guo et al. 2017,
https://arxiv.org/abs/1706.04599, for one logistic per label). It moves no logit across 0 and changes no order, so no
ranking and no threshold on the logit hangs on it; nor can it mend logits whose origin is nowhere near where a label is
as likely as not, as a ranking loss leaves them.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mlbench.metrics.scored import UNSCORED, Scored

BOUNDS = (0.01, 100.0)
"""Temperatures that are looked at: of perfectly divided logits the best is 0, of logits that say nothing infinite."""
STEPS = 60
ENOUGH = 1e-7
"""Relative change of a step after which the temperature stands."""


def fit_temperature(validation: Scored) -> float:
    """The temperature of least log loss on `validation`, within BOUNDS.

    The mean log loss is convex in s = 1 / T, so its slope Σ z (σ(s z) − y) has one root: Newton's steps, and the middle
    of the bracket where a step leaves it.
    """
    counted = validation.targets != UNSCORED
    logits = validation.logits[counted].double()
    targets = validation.positive[counted].double()
    low, high = 1 / BOUNDS[1], 1 / BOUNDS[0]
    if _slope(logits, targets, low)[0] >= 0:
        return BOUNDS[1]
    if _slope(logits, targets, high)[0] <= 0:
        return BOUNDS[0]
    inverse = 1.0
    for _ in range(STEPS):
        slope, curvature = _slope(logits, targets, inverse)
        low, high = (low, inverse) if slope > 0 else (inverse, high)
        step = inverse - slope / curvature if curvature > 0 else math.nan
        following = step if low < step < high else math.sqrt(low * high)
        if abs(following - inverse) <= ENOUGH * inverse:
            break
        inverse = following
    return 1 / following


def _slope(logits: Tensor, targets: Tensor, inverse: float) -> tuple[float, float]:
    """Slope and curvature of the summed log loss in the inverse temperature."""
    probabilities = torch.sigmoid(inverse * logits)
    slope = (logits * (probabilities - targets)).sum()
    curvature = (logits.square() * probabilities * (1 - probabilities)).sum()
    return float(slope), float(curvature)
