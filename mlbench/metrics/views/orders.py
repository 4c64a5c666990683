"""What a ranking metric is given: one split's scores in the three orders that can be asked of them."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from mlbench.metrics.scored import Scored
from mlbench.metrics.sorting import PositiveRanks, rank_columns, rank_pooled, rank_rows


class LabelOrder(Protocol):
    """What is known of every label's ranking of the samples; [L], or [R, L] for R resamples."""

    def average_precision(self) -> Tensor: ...
    def area_under_roc(self) -> Tensor: ...


class Orders:
    """The order of a split's scores; each order is found when it is first asked for.

    `propensities` [L] are the estimated chances that a true label is observed, None where not known.
    """

    def __init__(self, scored: Scored, propensities: Tensor | None = None) -> None:
        self.scored, self.propensities = scored, propensities

    @cached_property
    def label_ranks(self) -> PositiveRanks:
        """Every label's samples, best first."""
        return rank_columns(self.scored.scores, self.scored.positive, self.scored.label_scored)

    @property
    def by_label(self) -> LabelOrder:
        """What a mean over labels is of."""
        return self.label_ranks

    @cached_property
    def by_sample(self) -> PositiveRanks:
        """Every sample's labels, best first."""
        return rank_rows(self.scored.scores, self.scored.positive, self.scored.sample_scored)

    @cached_property
    def pooled(self) -> PositiveRanks:
        """All entries as one list."""
        return rank_pooled(self.scored.scores, self.scored.positive, self.scored.label_scored.sum())

    def mean_over_samples(self, values: Tensor, among: Tensor | None = None) -> Tensor:
        """The mean of `values` [N] over the samples that have a scored entry (and are `among` [N])."""
        chosen = self.by_sample.scored > 0
        return self._mean(values, chosen if among is None else chosen & among)

    def _mean(self, values: Tensor, chosen: Tensor) -> Tensor:
        return values.where(chosen, 0.0).sum() / chosen.sum()


def propensities(counts: Tensor, samples: int) -> Tensor:
    """The chance that a true label is observed, from its count among the training samples; float64 [L].

    p_l = 1 / (1 + C (n_l + B)^−A) with C = (log N − 1)(B + 1)^A, A = 0.55, B = 1.5 (Jain, Prabhu and Varma
    2016; the values in common use where a data set has none fitted to it).
    """
    a, b = 0.55, 1.5
    scale = max(math.log(samples) - 1, 0.0) * math.pow(b + 1, a)
    return (1 + scale * torch.pow(counts.double() + b, -a)).reciprocal()
