"""A metric by how often a label occurs, head, medium, tail and unseen, averaged over families."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mlbench.metrics.catalog import BUCKETS
from mlbench.report.analysis.analysis import Analysis
from mlbench.report.analysis.views import View
from mlbench.report.data.arrays import Floats, nanmean, over_families, shared_tasks, spread_over_seeds


def bucket_means(analysis: Analysis, view: View) -> tuple[list[str], Floats, Floats]:
    """The frequency buckets that the records have of this metric, means over families, deviations over seeds.

    Both are [losses, buckets].

    A loss is averaged over the tasks on which every loss with any result has one; else it has none.
    """
    grid = analysis.grid
    buckets = [bucket for bucket in BUCKETS if f"{view.key}/{bucket}" in analysis.measures]
    values = np.full((len(grid.losses), len(buckets)), np.nan)
    spreads = values.copy()
    for column, bucket in enumerate(buckets):
        scores = analysis.scores(view.reading, f"{view.key}/{bucket}")[:, :, view.fraction]
        some, shared = shared_tasks(scores)
        if not shared.any():
            continue
        families = [grid.tasks[task].family for task in np.flatnonzero(shared)]
        values[some, column] = over_families(nanmean(scores[some][:, shared], 2).T, families)
        spreads[some, column] = spread_over_seeds(scores[some][:, shared], families)
    return buckets, values, spreads


def all_labels(analysis: Analysis, view: View, buckets: Sequence[str]) -> tuple[Floats, Floats]:
    """Means over families and deviations over seeds, [losses], of all labels on the tasks of these buckets."""
    grid = analysis.grid
    scores = analysis.scores(view.reading, view.key)[:, :, view.fraction]
    tasks = tasks_of_buckets(analysis, view, buckets)
    average, spread = np.full((2, len(grid.losses)), np.nan)
    if len(tasks):
        families = [grid.tasks[task].family for task in tasks]
        there = ~np.isnan(scores).all((1, 2))
        chosen = scores[there][:, tasks]
        average[there] = over_families(nanmean(chosen, 2).T, families)
        spread[there] = spread_over_seeds(chosen, families)
    return average, spread


def tasks_of_buckets(analysis: Analysis, view: View, buckets: Sequence[str]) -> npt.NDArray[np.intp]:
    """The tasks on which every loss has a number for all labels, and for one of these buckets."""
    keys = [view.key, *(f"{view.key}/{bucket}" for bucket in buckets)]
    shared, *bucketed = (_complete(analysis.scores(view.reading, key)[:, :, view.fraction]) for key in keys)
    return np.flatnonzero(shared & np.stack(bucketed).any(0))


def _complete(scores: Floats) -> npt.NDArray[np.bool_]:
    """[losses, tasks, seeds] -> the tasks on which every loss with any number has one."""
    finished = np.asarray((~np.isnan(scores)).any(2))
    return np.asarray(finished[finished.any(1)].all(0))
