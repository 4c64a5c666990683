"""Within one dataset: which losses cannot be told from the best, by test rows and seeds.

The error of a difference of two losses has two sources. The test rows: the stored bootstrap replicates, drawn
alike for all losses, give the variance of the difference of their means over seeds. The seeds: the variance
of the paired differences, pooled over all losses of the task (few seeds say little of one pair). The p-value
is that of the difference over the root of the two added, by Student's t with Satterthwaite's degrees of
freedom, which is the normal approximation where there are many seeds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from mlbench.report.grid import Floats
from mlbench.report.statistics.frequentist import ALPHA, holm


@dataclass(frozen=True)
class Within:
    """Of the losses on one task: the best, p (Holm) of each against it, and who cannot be told from it.

    `rows` says whether the test rows' own uncertainty is in it. Losses that are not there have p NaN.
    """

    best: int
    p: Floats
    alike: npt.NDArray[np.bool_]
    rows: bool


def within_dataset(scores: Floats, replicates: Floats | None) -> Within | None:
    """Compare every loss with the best one.

    `scores` [losses, seeds], more is better, NaN where a cell is not there; `replicates`
    [losses, seeds, draws] or None where none were stored. Losses are compared on the seeds that all of them
    have. None where nothing can be compared: fewer than two losses, or one seed and no replicates.
    """
    losses = np.flatnonzero(~np.isnan(scores).all(1))
    if len(losses) < 2:
        return None
    seeds = ~np.isnan(scores[losses]).any(0)
    paired = scores[losses][:, seeds]
    if paired.shape[1] == 0 or (paired.shape[1] == 1 and replicates is None):
        return None
    means = paired.mean(1)
    best = int(means.argmax())
    error, freedom = _standard_errors(
        paired, best, None if replicates is None else replicates[losses][:, seeds]
    )
    others = [index for index in range(len(losses)) if index != best]
    distance = means[best] - means
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(distance == 0, 0.0, distance / error)
    p = 2 * stats.t.sf(t[others], freedom[others])
    adjusted = np.full(len(scores), np.nan)
    adjusted[losses[best]] = 1.0
    adjusted[losses[others]] = holm([float(value) for value in np.atleast_1d(p)])
    return Within(int(losses[best]), adjusted, adjusted > ALPHA, replicates is not None)


def _standard_errors(paired: Floats, best: int, replicates: Floats | None) -> tuple[Floats, Floats]:
    """Standard error of each loss's difference from the best, and its degrees of freedom; [losses] each."""
    losses, seeds = paired.shape
    from_seeds, seed_freedom = 0.0, 1.0
    if seeds > 1:
        residual = paired - paired.mean(1, keepdims=True) - paired.mean(0) + paired.mean()
        seed_freedom = float((losses - 1) * (seeds - 1))
        from_seeds = 2 * float((residual**2).sum()) / seed_freedom / seeds
    from_rows, row_freedom = np.zeros(losses), 1.0
    if replicates is not None:
        difference = (replicates[best] - replicates).mean(1)
        from_rows = difference.var(1, ddof=1)
        row_freedom = replicates.shape[2] - 1.0
    total = from_rows + from_seeds
    denominator = from_rows**2 / row_freedom + from_seeds**2 / seed_freedom
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = np.where(denominator > 0, total**2 / denominator, 1e6)
    return np.sqrt(total), freedom
