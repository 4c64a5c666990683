"""How likely a positive is to be annotated at all, by how often its label occurs."""

from __future__ import annotations

from torch import Tensor

from mlbench.losses.parts.outputs import LabelStats


def propensity_weights(stats: LabelStats, a: float, b: float) -> Tensor:
    """2/π_k − 1 of each label, [L] in float64, with 1/π_k = 1 + C (n_k + b)^−a and C = (log N − 1)(b + 1)^a.

    n_k is clamped to [1, N − 1]; where log N is below 1 there is nothing to tell rare labels by, and C is 0.
    """
    counts, totals = stats.clamped()
    scale = (totals.log() - 1).clamp(min=0) * (b + 1) ** a
    weights: Tensor = 1 + 2 * scale * (counts + b) ** -a
    return weights
