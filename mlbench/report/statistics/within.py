"""Within one dataset: which losses are not significantly different from the best, by test rows and seeds.

The error of a difference of two losses has two sources. The test rows: the stored bootstrap replicates, drawn
alike for all losses, give the variance of the difference of their means over seeds. The seeds: the variance
of the paired differences, pooled over all losses of the task (few seeds say little of one pair). The p-value
is that of the difference over the root of the two added, by Student's t with Satterthwaite's degrees of
freedom, which is the normal approximation where there are many seeds. Holm's correction is over all pairs:
the best is picked by the same numbers, and a correction over the other losses alone finds six times one and
the same loss significantly different in 9 % of trials instead of 5 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

from mlbench.report.data.arrays import Floats, mean_of, settled
from mlbench.report.statistics.frequentist import ALPHA, holm

Indices = npt.NDArray[np.intp]

NOTHING = 1e-12
"""A standard error up to this is that of rounding."""


@dataclass(frozen=True)
class Difference:
    """A paired difference with its 95 % interval; the ends are NaN where nothing says how it varies."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Within:
    """The losses on one task, each pair tested. Losses that are not there have NaN everywhere."""

    best: int
    """The index of the loss of the highest mean."""
    first: npt.NDArray[np.bool_]
    """[losses]: the best with all that have the same mean."""
    pairs: Floats
    """[losses, losses]: p of every pair after Holm's correction."""
    means: Floats
    """[losses]: over the seeds compared."""
    error: Floats
    """[losses, losses]: the standard error of a difference; NaN where nothing varied that could tell."""
    from_rows: Floats
    """[losses, losses]: the part of the error that the test rows make; its square is the sum of both parts' squares."""
    freedom: Floats
    """[losses, losses]: its degrees of freedom."""
    seeds: int
    """How many were compared."""
    rows: bool
    """Whether the test rows' own uncertainty is in the error."""

    @property
    def source(self) -> str:
        """What the errors are by, in words; empty where nothing varied."""
        if np.isnan(self.error).all():
            return ""
        return source_of(rows=self.rows, seeds=self.seeds > 1)

    @property
    def p(self) -> Floats:
        """[losses]: of each loss against the best one, whose own is 1."""
        against_best: Floats = self.pairs[self.best]
        return against_best

    @property
    def near_best(self) -> npt.NDArray[np.bool_]:
        """[losses]: which are not significantly different from the best one; it is among them."""
        return self.p > ALPHA

    def differ(self, first: int, second: int) -> bool:
        """Whether two losses, both there, are significantly different."""
        return bool(self.pairs[first, second] <= ALPHA)

    def difference(self, first: int, second: int) -> Difference:
        """The first minus the second; the interval is of this one comparison, without Holm's correction."""
        mean = float(settled(self.means[first] - self.means[second]))
        half = float(stdtrit(self.freedom[first, second], 0.975) * self.error[first, second])
        return Difference(mean, mean - half, mean + half)


def source_of(*, rows: bool, seeds: bool) -> str:
    """What an interval within a dataset is by: test rows, seeds, or both."""
    if rows:
        return "test rows and seeds" if seeds else "test rows alone"
    return "seeds alone"


def within_dataset(scores: Floats, replicates: npt.NDArray[np.floating] | None) -> Within | None:
    """Compare every loss with the best one.

    `scores` [losses, seeds], more is better, NaN where a cell is not there; `replicates`
    [losses, seeds, draws] or None where none were stored; where one of the cells compared stored none they
    are not used. Losses are compared on the seeds that all of them have. None where nothing can be compared:
    fewer than two losses, or one seed and no replicates. Where neither seeds nor rows vary, no difference is
    significant: that two seeds of every loss agree to the last digit is no proof of anything.
    """
    losses = np.flatnonzero(~np.isnan(scores).all(1))
    seeds = np.flatnonzero(~np.isnan(scores[losses]).any(0))
    paired = scores[np.ix_(losses, seeds)]
    drawn = None if replicates is None else _usable(replicates[np.ix_(losses, seeds)])
    if len(losses) < 2 or len(seeds) == 0 or (len(seeds) == 1 and drawn is None):
        return None
    means = mean_of(paired, 1)
    best = int(means.argmax())
    first, second = _pairs(len(losses))
    error, from_rows, freedom = _standard_errors(paired, drawn, first, second)
    distance = np.abs(settled(means[first] - means[second]))
    known = error > NOTHING
    p = np.ones(len(first))
    p[known] = 2 * stdtr(freedom[known], -distance[known] / error[known])

    def square(values: Floats, diagonal: float) -> Floats:
        table = np.full((len(scores), len(scores)), np.nan)
        table[losses, losses] = diagonal
        table[losses[first], losses[second]] = table[losses[second], losses[first]] = values
        return table

    ahead, everywhere = np.zeros(len(scores), bool), np.full(len(scores), np.nan)
    ahead[losses], everywhere[losses] = means == means[best], means
    return Within(
        best=int(losses[best]),
        first=ahead,
        pairs=square(holm(p), 1.0),
        means=everywhere,
        error=square(np.where(known, error, np.nan), 0.0),
        from_rows=square(from_rows, 0.0),
        freedom=square(freedom, 1.0),
        seeds=len(seeds),
        rows=drawn is not None,
    )


@lru_cache(8)
def _pairs(losses: int) -> tuple[Indices, Indices]:
    return np.triu_indices(losses, 1)


def _usable(replicates: npt.NDArray[np.floating]) -> Floats | None:
    """Without the draws in which a metric was not defined; None where a cell has none, or all too few."""
    if np.isnan(replicates).all(2).any():
        return None
    defined = replicates[:, :, ~np.isnan(replicates).any((0, 1))].astype(float)
    return defined if defined.shape[2] >= 20 else None


def _standard_errors(
    paired: Floats, replicates: Floats | None, first: Indices, second: Indices
) -> tuple[Floats, Floats, Floats]:
    """Of the difference of each pair of losses, the standard error, its part from test rows, and its degrees of
    freedom."""
    losses, seeds = paired.shape
    from_seeds, seed_freedom = 0.0, 1.0
    if seeds > 1:
        residual = paired - paired.mean(1, keepdims=True) - paired.mean(0) + paired.mean()
        seed_freedom = float((losses - 1) * (seeds - 1))
        from_seeds = 2 * float((residual**2).sum()) / seed_freedom / seeds
    from_rows, row_freedom = np.zeros(len(first)), 1.0
    if replicates is not None:
        covariance = np.atleast_2d(np.cov(replicates.mean(1)))
        variance = covariance.diagonal()
        from_rows = np.maximum(variance[first] + variance[second] - 2 * covariance[first, second], 0.0)
        row_freedom = replicates.shape[2] - 1.0
    total = from_rows + from_seeds
    spread = from_rows**2 / row_freedom + from_seeds**2 / seed_freedom
    freedom = np.where(spread > 0, total**2 / np.where(spread > 0, spread, 1.0), 1e6)
    return np.sqrt(total), np.sqrt(from_rows), freedom
