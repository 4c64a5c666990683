"""The arrays behind the figures, taken from the analysis."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t

from mlbench.report.analysis import Analysis, View
from mlbench.report.analysis.cost import over_the_least
from mlbench.report.data.arrays import Floats, nanmean, nanstd
from mlbench.report.figures.curves import CurvePanel
from mlbench.report.figures.training import Curve
from mlbench.report.statistics.blocks import CONTROL
from mlbench.report.statistics.ranks import block_ranks


def curve_panels(analysis: Analysis, key: str, reading: str) -> list[CurvePanel]:
    """Of every task with a result: means over seeds and 95 % intervals (Student's t) at each fraction.

    One seed has no interval; that of two is wide, 9 deviations either way, since two say little.
    """
    grid = analysis.grid
    scores = analysis.scores(reading, key)
    mean, deviation, count = nanmean(scores, 3), nanstd(scores, 3), (~np.isnan(scores)).sum(3)
    interval = t.ppf(0.975, np.maximum(count - 1, 1)) * deviation / np.sqrt(np.maximum(count, 1))
    half = np.where(count > 1, interval, 0.0)
    floor, ceiling = nanmean(grid.floor(key), (1, 2)), grid.ceiling(key)
    return [
        CurvePanel(name, mean[:, task], half[:, task], float(floor[task]), float(ceiling[task]))
        for task, name in enumerate(grid.task_names)
        if not np.isnan(mean[:, task]).all()
    ]


def task_ranks(analysis: Analysis, view: View, losses: Sequence[int], tasks: Sequence[int]) -> Floats:
    """Ranks of the losses within each task, [losses, tasks]; NaN where there is no score."""
    means = analysis.summary(view).mean[np.ix_(losses, tasks)] * analysis.measures[view.key].sign
    ranks = np.full(means.shape, np.nan)
    for column, scores in enumerate(means.T):
        there = ~np.isnan(scores)
        ranks[there, column] = block_ranks(scores[there])
    return ranks


def relative_cost(analysis: Analysis, view: View, losses: Sequence[int]) -> tuple[Floats, Floats]:
    """Of the losses of these indices: the cost of training over the least, and mean score over families.

    The cost is the geometric mean over the tasks that all of them finished; 1 where it is no more than noise.
    """
    grid, summary = analysis.grid, analysis.summary(view)
    cost = over_the_least(grid.values("timing/cost")[list(losses), :, view.fraction])
    return np.where(cost.differs | np.isnan(cost.ratio), cost.ratio, 1.0), summary.average[list(losses)]


def label_gaps(analysis: Analysis, view: View) -> tuple[str, Floats, Floats]:
    """The control, the number of labels [tasks], and how far each loss is ahead of it [losses, tasks]."""
    grid, summary = analysis.grid, analysis.summary(view)
    control = CONTROL if CONTROL in grid.losses else grid.losses[0]
    means = summary.mean * analysis.measures[view.key].sign
    gaps = means - means[grid.losses.index(control)]
    labels = np.array([task.labels for task in grid.tasks], dtype=float)
    there = ~np.isnan(gaps).all(0) & (labels > 0)
    return control, labels[there], gaps[:, there]


def training_history(
    analysis: Analysis, fraction: int, losses: Sequence[str]
) -> dict[str, Mapping[str, Mapping[str, Curve]]]:
    """Validation scores ("training") and gradient norms ("norms") by task and loss, averaged over seeds."""
    grid = analysis.grid
    cells = grid.cells
    _, _, at, _ = grid.rows()
    rows = cells[(at == fraction) & (cells["status"] == "done") & cells["loss"].isin(losses)]
    metric = "cell/train/select_metric"
    selected = rows[metric].fillna("map") if metric in rows.columns else pd.Series("map", index=rows.index)
    sources = {
        "training": ("history/evaluations", _validation_point),
        "norms": ("history/epochs", _norm_point),
    }
    found: dict[str, Mapping[str, Mapping[str, Curve]]] = {}
    for kind, (column, point) in sources.items():
        curves: dict[str, dict[str, list[list[tuple[float, float]]]]] = defaultdict(lambda: defaultdict(list))
        if column in rows.columns:
            for task, loss, name, items in zip(
                rows["task"], rows["loss"], selected, rows[column], strict=True
            ):
                points = [point(item, str(name)) for item in items] if isinstance(items, list) else []
                kept = [pair for pair in points if pair is not None]
                if kept:
                    curves[task][loss].append(kept)
        found[kind] = {
            task: {loss: _average(runs) for loss, runs in curves[task].items()}
            for task in grid.task_names
            if task in curves
        }
    return found


def _validation_point(item: Mapping[str, Any], metric: str) -> tuple[float, float] | None:
    """The epoch and the score that the protocol selected by."""
    score, epoch = item.get(metric), item.get("epoch")
    return None if score is None or epoch is None else (float(epoch), float(score))


def _norm_point(item: Mapping[str, Any], _: str) -> tuple[float, float] | None:
    norm = item.get("gradient_norm")
    return None if norm is None or norm <= 0 else (float(item["epoch"]) + 1, float(norm))


def _average(runs: Sequence[Sequence[tuple[float, float]]]) -> Curve:
    """The mean of runs at the points that all of them have."""
    length = min(len(run) for run in runs)
    points = np.array([run[:length] for run in runs]).mean(0)
    return points[:, 0].tolist(), points[:, 1].tolist()
