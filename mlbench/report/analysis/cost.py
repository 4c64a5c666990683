"""What a loss costs beside the cheapest one, and whether that is more than noise."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import t

from mlbench.report.data.arrays import Floats

LEVEL = 0.05
"""Chance that any loss differs from the least where all cost the same."""


class Relative(NamedTuple):
    """Of each loss: its cost over the least's, and whether the two differ by more than noise; NaN and False where
    that cannot be said."""

    ratio: Floats
    differs: npt.NDArray[np.bool_]


def over_the_least(values: Floats) -> Relative:
    """Costs [losses, tasks, seeds] -> the geometric mean over what all losses finished, over the least.

    Noise is what logarithms of costs vary by between the seeds of a loss on a task (with one seed: between tasks),
    once what all losses share there is taken off. Which loss is the least is chosen by the same numbers, so a t-test
    of the difference is corrected for all pairs of losses (Bonferroni).
    """
    logs = np.log(np.where(values > 0, values, np.nan))
    some = ~np.isnan(logs).all((1, 2))
    shared: npt.NDArray[np.bool_] = np.asarray(~np.isnan(logs[some]).any(0))
    tasks = shared.any(1)
    ratio, differs = np.full(len(values), np.nan), np.zeros(len(values), np.bool_)
    if not some.any() or not tasks.any():
        return Relative(ratio, differs)
    there = np.where(shared, logs[some], np.nan)[:, tasks]
    of_task = np.nanmean(there, axis=2)
    means = of_task.mean(1)
    gaps = means - means.min()
    ratio[some], differs[some] = np.exp(gaps), gaps > _noise(there - there.mean(0), shared[tasks].sum(1))
    return Relative(ratio, differs)


def _noise(centred: Floats, seeds: npt.NDArray[np.intp]) -> float:
    """How far the means over tasks of two of the losses may be apart by chance, of logarithms [losses, tasks, seeds]
    less their mean over losses; infinite where nothing varies that could tell."""
    losses, means = len(centred), np.nanmean(centred, axis=2)
    squares, freedom = np.nansum((centred - means[:, :, None]) ** 2), (losses - 1) * int((seeds - 1).sum())
    spread = float((1 / seeds).sum()) / len(seeds) ** 2
    if freedom == 0:
        squares = ((means - means.mean(1, keepdims=True)) ** 2).sum()
        freedom, spread = (losses - 1) * (len(seeds) - 1), 1 / len(seeds)
    if freedom == 0:
        return np.inf
    error = np.sqrt(2 * squares / freedom * spread)
    return float(t.ppf(1 - LEVEL / (losses * (losses - 1)), freedom) * error)
