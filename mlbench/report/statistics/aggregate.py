"""Scores of many datasets as one: normalised, the interquartile mean, and performance profiles.

Agarwal et al., Deep Reinforcement Learning at the Edge of the Statistical Precipice, NeurIPS 2021. A score is
normalised as its share of the way from the floor (what constant scores reach) to the best loss's mean there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import trim_mean

from mlbench.report.grid import Floats, Grid, nanmean
from mlbench.report.statistics.blocks import Blocks
from mlbench.report.statistics.ranks import LEVEL

LEAST_SPAN = 0.005
"""A task on which the best loss is no further than this above the floor says nothing about losses."""


@dataclass(frozen=True)
class Normalised:
    """Normalised scores, for each usable task [losses, seeds]; and the tasks that could not be used."""

    losses: tuple[str, ...]
    by_task: tuple[Floats, ...]
    tasks: tuple[str, ...]
    unusable: tuple[str, ...]


def normalise(grid: Grid, blocks: Blocks, fraction: int) -> Normalised:
    """0 is the floor, 1 the best loss of the task."""
    floor = nanmean(grid.floor(blocks.measure.key)[:, fraction], 1) * blocks.measure.sign
    scores, tasks, unusable = [], [], []
    for name, task in zip(blocks.tasks, blocks.by_task, strict=True):
        ground = floor[grid.task_names.index(name)]
        span = task.mean(1).max() - ground
        if np.isnan(span) or span < LEAST_SPAN:
            unusable.append(name)
        else:
            scores.append((task - ground) / span)
            tasks.append(name)
    return Normalised(blocks.losses, tuple(scores), tuple(tasks), tuple(unusable))


def interquartile_mean(
    scores: Normalised, *, replicates: int = 300, seed: int = 0
) -> tuple[Floats, Floats, Floats]:
    """Mean of the middle half of all (task, seed) scores of each loss, with its interval: three [losses].

    Stratified bootstrap: the seeds of every task are drawn anew, the same draw for all losses.
    """
    random = np.random.default_rng(seed)
    value = np.asarray(trim_mean(np.concatenate(scores.by_task, axis=1), 0.25, axis=1))
    draws = [random.integers(task.shape[1], size=(replicates, task.shape[1])) for task in scores.by_task]
    resampled = np.concatenate(
        [task[:, draw] for task, draw in zip(scores.by_task, draws, strict=True)], axis=2
    )
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(trim_mean(resampled, 0.25, axis=2), [tail, 100 - tail], axis=1)
    return value, low, high


def performance_profile(scores: Normalised, thresholds: Floats) -> Floats:
    """[losses, thresholds]: the share of (task, seed) runs whose normalised score is above each threshold."""
    flat = np.concatenate(scores.by_task, axis=1)
    return np.asarray((flat[:, :, None] > thresholds).mean(1))
