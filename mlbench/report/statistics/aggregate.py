"""Scores of many datasets as one: normalised, the interquartile mean, and performance profiles.

Agarwal et al., Deep Reinforcement Learning at the Edge of the Statistical Precipice, NeurIPS 2021. A score is
normalised as its share of the way from the floor (what constant scores reach) to the best loss's mean there.
A family counts once: its runs share its weight. Intervals are by a paired bootstrap over families, then seeds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlbench.report.data.arrays import Floats, Intervals, mean_of, nanmean
from mlbench.report.data.grid import Grid
from mlbench.report.statistics.blocks import Blocks
from mlbench.report.statistics.ranks import LEVEL

LEAST_SPAN = 0.05
"""Where the best loss is no further than this above the floor, nothing is said about losses."""
REPLICATES = 300


@dataclass(frozen=True)
class Normalised:
    """Scores as shares of the way from the floor to the best loss."""

    losses: tuple[str, ...]
    by_task: tuple[Floats, ...]
    """Of each usable task [losses, seeds]."""
    families: tuple[str, ...]
    """The family of each of these tasks."""
    tasks: tuple[str, ...]
    """Their names."""
    unusable: tuple[str, ...]
    """The tasks whose best loss is too near to the floor."""


def normalise(grid: Grid, blocks: Blocks, fraction: int) -> Normalised:
    """0 is the floor, 1 the best loss of the task."""
    floor = nanmean(grid.floor(blocks.measure.key)[:, fraction], 1) * blocks.measure.sign
    scores, families, tasks, unusable = [], [], [], []
    for name, family, task in zip(blocks.tasks, blocks.family_of, blocks.by_task, strict=True):
        ground = floor[grid.task_names.index(name)]
        span = mean_of(task, 1).max() - ground
        if np.isnan(span) or span < LEAST_SPAN:
            unusable.append(name)
        else:
            scores.append((task - ground) / span)
            families.append(blocks.families[family])
            tasks.append(name)
    return Normalised(blocks.losses, tuple(scores), tuple(families), tuple(tasks), tuple(unusable))


def interquartile_mean(scores: Normalised, *, replicates: int = REPLICATES, seed: int = 0) -> Intervals:
    """[losses]: the mean of the middle half of all (task, seed) runs by weight."""
    flat = np.concatenate(scores.by_task, axis=1)
    weights, drawn = _weights(scores), _resampled_weights(scores, replicates, seed)
    order = np.argsort(flat, axis=1)
    ordered = np.take_along_axis(flat, order, 1)
    return _with_interval(
        np.array([_middle(row, weights[place]) for row, place in zip(ordered, order, strict=True)]),
        np.array([_middle(row, drawn[:, place]) for row, place in zip(ordered, order, strict=True)]).T,
    )


def performance_profile(
    scores: Normalised, thresholds: Floats, *, replicates: int = REPLICATES, seed: int = 0
) -> Intervals:
    """[losses, thresholds]: the share of (task, seed) runs whose score is above each threshold, pointwise."""
    above = np.concatenate(scores.by_task, axis=1)[:, :, None] > thresholds
    by_run = above.transpose(1, 0, 2).astype(float)
    return _with_interval(
        np.tensordot(_weights(scores), by_run, 1),
        np.tensordot(_resampled_weights(scores, replicates, seed), by_run, 1),
    )


def _weights(scores: Normalised) -> Floats:
    """[runs]: every family weighs the same, in it every task, in it every seed."""
    tasks_of = {family: scores.families.count(family) for family in scores.families}
    return np.concatenate(
        [
            np.full(task.shape[1], 1 / (len(tasks_of) * tasks_of[family] * task.shape[1]))
            for task, family in zip(scores.by_task, scores.families, strict=True)
        ]
    )


def _resampled_weights(scores: Normalised, replicates: int, seed: int) -> Floats:
    """[replicates, runs]: as many times the weights as family and seed were drawn, alike for all losses."""
    random = np.random.default_rng(seed)
    names = list(dict.fromkeys(scores.families))
    drawn = random.multinomial(len(names), np.full(len(names), 1 / len(names)), size=replicates)
    times = []
    for task, family in zip(scores.by_task, scores.families, strict=True):
        seeds = task.shape[1]
        of_family = drawn[:, [names.index(family)]]
        times.append(of_family * random.multinomial(seeds, np.full(seeds, 1 / seeds), size=replicates))
    resampled: Floats = np.concatenate(times, axis=1) * _weights(scores)
    return resampled


def _middle(ordered: Floats, weights: Floats) -> Floats:
    """Mean of ascending values [runs] between the quartiles of their weights [..., runs], which sum to 1."""
    upto = np.cumsum(weights, axis=-1)
    inside = np.clip(np.minimum(upto, 0.75) - np.maximum(upto - weights, 0.25), 0.0, None)
    mean: Floats = inside @ ordered / 0.5
    return mean


def _with_interval(value: Floats, resampled: Floats) -> Intervals:
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(resampled, [tail, 100 - tail], axis=0)
    return Intervals(value, low, high)
