"""What a ranking metric is given: one split's scores in the three orders that can be asked of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from mlbench.metrics.ranks import Ranks, rank_columns, rank_pooled, rank_rows
from mlbench.metrics.scored import Scored


@dataclass(frozen=True, eq=False)
class Rankings:
    """The order of a split's scores; each order is found when it is first asked for.

    `propensities` [L] are the estimated chances that a true label was observed, None where unknown.
    """

    scored: Scored
    propensities: Tensor | None = None

    @cached_property
    def by_label(self) -> Ranks:
        """Every label's samples, best first."""
        return rank_columns(self.scored.scores, self.scored.positive, self.scored.label_counted)

    @cached_property
    def by_sample(self) -> Ranks:
        """Every sample's labels, best first."""
        return rank_rows(self.scored.scores, self.scored.positive, self.scored.sample_counted)

    @cached_property
    def pooled(self) -> Ranks:
        """All entries as one list."""
        return rank_pooled(self.scored.scores, self.scored.positive, self.scored.label_counted.sum())

    def mean_over_samples(self, values: Tensor, among: Tensor | None = None) -> Tensor:
        """The mean of `values` [N] over the samples that have a scored entry (and are `among` [N])."""
        chosen = self.by_sample.counted > 0
        if among is not None:
            chosen = chosen & among
        return values.where(chosen, 0.0).sum() / chosen.sum()
