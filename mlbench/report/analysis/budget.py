"""What tuning bought, on the seeds of the trials: the score of the suite's own values, and of what was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlbench.report.analysis.trial_table import placed_trials
from mlbench.report.data.arrays import (
    Floats,
    nanmean,
    over_families,
    settled,
    shared_tasks,
    spread_over_seeds,
)
from mlbench.report.data.grid import Grid


@dataclass(frozen=True)
class Budget:
    """What tuning bought each loss at one fraction; arrays of [losses].

    The scores are test scores on the seeds of the trials, means over the families that all tuned losses have.
    """

    trials: npt.NDArray[np.int64]
    """The most trials that it had on a task."""
    failed: npt.NDArray[np.int64]
    """How many cells of these failed, over all tasks."""
    tasks: npt.NDArray[np.int64]
    """On how many tasks it was tuned."""
    kept: npt.NDArray[np.int64]
    """On how many of them the suite's own values were chosen."""
    edge: npt.NDArray[np.int64]
    """On how many of them a value at an edge of the shared grid was chosen."""
    hours: Floats
    """What all finished trials took."""
    own: Floats
    """The score of the suite's own values."""
    tuned: Floats
    """The score of the chosen values."""
    gain: Floats
    """Their difference, where the first trial finished."""
    deviation: Floats
    """Of the gain, over the seeds."""
    expected: Floats
    """[losses, trials]: the score to expect of so many trials; NaN beyond a loss's last."""

    @property
    def order(self) -> list[int]:
        """The losses that were tuned, the best first, those without a score last."""
        there = np.flatnonzero(self.tasks).tolist()
        return sorted(there, key=lambda index: (np.isnan(self.tuned[index]), -self.tuned[index]))


def expected_best(validation: Sequence[float], test: Sequence[float]) -> Floats:
    """The test score to expect of k trials, for every k: of the first, and k − 1 of the others drawn at random, the
    one that is best on validation counts.

    Exact, not sampled: of m others ordered from the best on validation, the chance that the j-th (from 0) is the
    best of k − 1 drawn is C(m − 1 − j, k − 2) / C(m, k − 1). A trial that failed has NaN in both and never counts;
    where all of k can be failures the value is NaN. The idea is that of Dodge et al., "Show Your Work" (2019), who
    draw with replacement and look at validation.
    """
    scores = np.asarray(validation, float)
    better = np.argsort(-np.where(np.isnan(scores[1:]), -np.inf, scores[1:]), kind="stable") + 1
    first, others = scores[0], len(scores) - 1
    found = np.empty(others + 1)
    for count in range(1, others + 2):
        rest, value = 1.0, 0.0
        for place, trial in enumerate(better if count > 1 else ()):
            if np.isnan(scores[trial]) or scores[trial] <= first:
                break
            chance = comb(others - 1 - place, count - 2) / comb(others, count - 1)
            rest -= chance
            value += chance * test[trial]
        found[count - 1] = value + rest * test[0] if rest > 1e-12 else value
    return found


def budget(grid: Grid, trials: pd.DataFrame, fraction: int) -> Budget | None:
    """At the fraction of that index; None where nothing was tuned there."""
    placed = placed_trials(grid, trials)
    here = placed[placed["at"] == fraction] if len(placed) else placed
    if here.empty or not (here["of"] > 1).any():
        return None
    seeds = sorted(set(here["seed"]))
    shape, most = (len(grid.losses), len(grid.tasks), len(seeds)), int(here["of"].max())
    first, chosen = np.full((2, *shape), np.nan)
    curves = np.full((*shape[:2], most), np.nan)
    trials_of, failed, tasks, kept, edge = np.zeros((5, shape[0]), np.int64)
    hours = np.zeros(shape[0])
    for _, rows in here.groupby(["loss_at", "task_at"]):
        loss, task = (int(rows[name].iloc[0]) for name in ("loss_at", "task_at"))
        number = int(rows.loc[rows["chosen"], "trial"].iloc[0])
        validation, test = (_by_trial(rows, split, seeds) for split in ("validation", "test"))
        first[loss, task], chosen[loss, task] = test[0], test[number]
        curve = expected_best(_over_seeds(validation), _over_seeds(test))
        curves[loss, task][: len(curve)] = curve
        trials_of[loss] = max(trials_of[loss], len(validation))
        failed[loss] += int((~rows["done"]).sum())
        tasks[loss] += 1
        hours[loss] += float(np.nansum(rows["seconds"])) / 3600
        kept[loss] += int(number == 0 and not np.isnan(chosen[loss, task]).all())
        edge[loss] += int(bool(rows.loc[rows["chosen"], "edges"].iloc[0]))
    own, tuned, gain, deviation = np.full((4, shape[0]), np.nan)
    expected = np.full((shape[0], most), np.nan)
    some, shared = shared_tasks(chosen)
    if shared.any():
        families = [grid.tasks[task].family for task in np.flatnonzero(shared)]
        place = np.ix_(some, shared)
        own[some] = over_families(nanmean(first[place], 2).T, families)
        tuned[some] = over_families(nanmean(chosen[place], 2).T, families)
        gain[some] = over_families(nanmean((chosen - first)[place], 2).T, families)
        deviation[some] = spread_over_seeds((chosen - first)[place], families)
        expected[some] = over_families(curves[place].transpose(1, 0, 2), families)
    return Budget(
        trials=trials_of,
        failed=failed,
        tasks=tasks,
        kept=kept,
        edge=edge,
        hours=hours,
        own=own,
        tuned=tuned,
        gain=gain,
        deviation=deviation,
        expected=expected,
    )


def _by_trial(rows: pd.DataFrame, column: str, seeds: Sequence[int]) -> Floats:
    """A number of one contest's trials as [trials, seeds]; NaN where one failed."""
    table = np.full((int(rows["of"].iloc[0]), len(seeds)), np.nan)
    for trial, seed, value in rows[["trial", "seed", column]].itertuples(index=False, name=None):
        table[trial, seeds.index(seed)] = value
    return table


def _over_seeds(scores: Floats) -> list[float]:
    """[trials, seeds] -> the mean of each trial over the seeds that any was trained on; NaN where it failed on one."""
    used = ~np.isnan(scores).all(0)
    means: list[float] = settled(scores[:, used].mean(1)).tolist() if used.any() else [np.nan] * len(scores)
    return means
