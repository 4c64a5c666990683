"""Within one dataset: which losses cannot be told from the best, by test rows and seeds.

The error of a difference of two losses has two sources. The test rows: the stored bootstrap replicates, drawn
alike for all losses, give the variance of the difference of their means over seeds. The seeds: the variance
of the paired differences, pooled over all losses of the task (few seeds say little of one pair). The p-value
is that of the difference over the root of the two added, by Student's t with Satterthwaite's degrees of
freedom, which is the normal approximation where there are many seeds. Holm's correction is over all pairs:
the best is picked by the same numbers, and corrected over the other losses alone, six times one and the same
loss would be told apart in 9 % of trials instead of 5 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

from mlbench.report.arrays import Floats, mean_of, settled
from mlbench.report.statistics.frequentist import ALPHA, holm

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Within:
    """Of the losses on one task: the best, and p (Holm) of every pair, [losses, losses].

    `first` marks the best with all that have the same mean, [losses]. `rows` says whether the test rows' own
    uncertainty is in it. Losses that are not there have p NaN.
    """

    best: int
    first: npt.NDArray[np.bool_]
    pairs: Floats
    rows: bool

    @property
    def p(self) -> Floats:
        """[losses]: of each loss against the best one, whose own is 1."""
        against_best: Floats = self.pairs[self.best]
        return against_best

    @property
    def alike(self) -> npt.NDArray[np.bool_]:
        """[losses]: who cannot be told from the best one."""
        return self.p > ALPHA

    def told_apart(self, first: int, second: int) -> bool:
        """Whether two losses, both there, can be told apart."""
        return bool(self.pairs[first, second] <= ALPHA)


def within_dataset(scores: Floats, replicates: npt.NDArray[np.floating] | None) -> Within | None:
    """Compare every loss with the best one.

    `scores` [losses, seeds], more is better, NaN where a cell is not there; `replicates`
    [losses, seeds, draws] or None where none were stored; where one of the cells compared stored none they
    are not used. Losses are compared on the seeds that all of them have. None where nothing can be compared:
    fewer than two losses, or one seed and no replicates.
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
    error, freedom = _standard_errors(paired, drawn, first, second)
    distance = np.abs(settled(means[first] - means[second]))
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(distance == 0, 0.0, distance / error)
    adjusted = holm(2 * stdtr(freedom, -t))
    pairs = np.full((len(scores), len(scores)), np.nan)
    pairs[losses, losses] = 1.0
    pairs[losses[first], losses[second]] = pairs[losses[second], losses[first]] = adjusted
    ahead = np.zeros(len(scores), bool)
    ahead[losses] = means == means[best]
    return Within(int(losses[best]), ahead, pairs, drawn is not None)


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
) -> tuple[Floats, Floats]:
    """Of the difference of each pair of losses, the standard error and its degrees of freedom."""
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
    return np.sqrt(total), freedom


@dataclass(frozen=True)
class Difference:
    """A paired difference with its 95 % interval; the ends are NaN where one seed says nothing of it."""

    mean: float
    low: float
    high: float


def paired_difference(pair: Floats, replicates: npt.NDArray[np.floating] | None) -> Difference:
    """Of [2, seeds] scores, the first minus the second; `replicates` [2, seeds, draws] or None."""
    drawn = None if replicates is None else _usable(replicates)
    first, second = mean_of(pair, 1)
    mean = float(settled(first - second))
    if pair.shape[1] < 2 and drawn is None:
        return Difference(mean, np.nan, np.nan)
    error, freedom = _standard_errors(pair, drawn, np.array([0]), np.array([1]))
    half = float(stdtrit(freedom[0], 0.975) * error[0])
    return Difference(mean, mean - half, mean + half)
