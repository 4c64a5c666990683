"""What the labels' frequencies tell a loss: where logits start, and how likely a positive is to be annotated at all."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from torch import Tensor

from mlbench.losses.base import Loss
from mlbench.losses.parts.outputs import LabelStats


@runtime_checkable
class StartsElsewhere(Protocol):
    """A loss whose probabilities are not those of its logits as they stand: it says where its logits start, so that its
    probabilities start where those of the other losses do, at the labels' frequencies."""

    def starting_logits(self, log_odds: Tensor) -> Tensor: ...


def starting_logits(loss: Loss, stats: LabelStats) -> Tensor:
    """The logits [L] that heads start at under `head_bias = "prior"`: the labels' log-odds, unless the loss, which was
    prepared with `stats`, has others."""
    log_odds = stats.log_odds()
    return loss.starting_logits(log_odds) if isinstance(loss, StartsElsewhere) else log_odds


def propensity_weights(stats: LabelStats, a: float, b: float) -> Tensor:
    """2/π_k − 1 of each label, [L] in float64, with 1/π_k = 1 + C (n_k + b)^−a and C = (log N − 1)(b + 1)^a.

    n_k is clamped to [1, N − 1]; where log N is below 1 there is nothing to tell rare labels by, and C is 0.
    """
    counts, totals = stats.clamped()
    scale = (totals.log() - 1).clamp(min=0) * (b + 1) ** a
    weights: Tensor = 1 + 2 * scale * (counts + b) ** -a
    return weights
