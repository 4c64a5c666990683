"""`mlbench recommend`: the losses that did best on the datasets most like yours, and how sure that is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mlbench.errors import DataError, UnknownNameError
from mlbench.report.arrays import Floats, nanmean
from mlbench.report.build import check_something_finished
from mlbench.report.grid import READINGS, Grid, Task, show_fraction
from mlbench.report.likeness import Traits, distance, find_traits, traits_of_task
from mlbench.report.measures import require
from mlbench.report.merge import merge
from mlbench.report.statistics.ranks import block_ranks
from mlbench.report.tables.scores import READING_WORDS

NEAREST = 5
"""Families of datasets that have a say."""
NEAR = 0.5
"""A distance up to which a dataset is called alike: a factor of about three on average."""


@dataclass(frozen=True)
class Advice:
    """A loss, its weighted average rank over the nearest families, on how many it was within 0.01 of the best."""

    loss: str
    rank: float
    close: int


class Neighbour(NamedTuple):
    """A dataset that has a say, how far away it is, its family, and whether it is the one asked about."""

    name: str
    apart: float
    family: str
    itself: bool


@dataclass(frozen=True)
class Recommendation:
    """The advice, best first, from which datasets it comes, and what such advice was worth on past ones.

    `regret` is the mean over `trials` past families.
    """

    traits: Traits
    where: str
    neighbours: tuple[Neighbour, ...]
    losses: int
    advice: tuple[Advice, ...]
    regret: float
    trials: int

    @property
    def sureness(self) -> str:
        """How far to trust it, in words."""
        others = [other for other in self.neighbours if not other.itself]
        alike = sum(other.apart <= NEAR for other in others)
        if len(others) < len(self.neighbours):
            text = "It is in the records itself: its own results count most."
            if others:
                text += f" {alike} of the {len(others)} other nearest datasets are much like it."
        elif not alike:
            text = "No dataset in the records is much like it: take this as a guess."
        else:
            text = f"{alike} of the {len(others)} nearest datasets are much like it."
        if self.trials < 3:
            return f"{text} Too few families of datasets to say how good such advice has been."
        return (
            f"{text} Given for each of {self.trials} past families from the others, the advised loss was "
            f"{self.regret:.3f} below the best one on average."
        )

    def __str__(self) -> str:
        lines = [str(self.traits), f"by {self.where}", "", "nearest datasets in the records:"]
        lines += [
            f"  {other.name} ({'the dataset itself' if other.itself else f'distance {other.apart:.2f}'})"
            for other in self.neighbours
        ]
        families = len({other.family for other in self.neighbours})
        lines += ["", "recommended:"]
        lines += [
            f"  {place}. {item.loss}: average rank {item.rank:.1f} of {self.losses}, within 0.01 of the best "
            f"on {item.close} of {families} {'family' if families == 1 else 'families'}"
            for place, item in enumerate(self.advice, 1)
        ]
        return "\n".join([*lines, "", self.sureness])


def recommend_for(
    like: str,
    *,
    results: Sequence[Path],
    metric: str = "map",
    reading: str = "own",
    fraction: float | None = None,
    parameters: Mapping[str, Any] | None = None,
    data_root: Path | None = None,
    most: int = 3,
) -> Recommendation:
    """Advice for a dataset by name or path. Only losses with a result on every neighbour are weighed.

    Raises UnknownNameError for an unknown metric, reading, fraction or dataset, DataError where no records are.
    """
    if reading not in READINGS:
        raise UnknownNameError("reading", reading, READINGS)
    merged = merge(results)
    check_something_finished(merged.cells, results, merged.problems)
    grid = Grid(merged.cells)
    measure = require(metric, grid.metric_keys)
    place = len(grid.fractions) - 1
    if fraction is not None:
        if fraction not in grid.fractions:
            known = [f"{known:g}" for known in grid.fractions]
            raise UnknownNameError("fraction", f"{fraction:g}", known, where="the records")
        place = grid.fractions.index(fraction)
    scores = nanmean(grid.scores(reading, metric)[:, :, place], 2) * measure.sign
    traits = find_traits(like, grid, parameters, data_root)
    others = [traits_of_task(task) for task in grid.tasks]
    apart = np.array([distance(traits, other) for other in others])
    families = [task.family for task in grid.tasks]
    near = _nearest(scores, apart, families, range(len(others)))
    if not near:
        raise DataError(f"no dataset of the records has results of two losses by {metric}")
    advice = _advise(scores, apart, families, near)
    regrets = _past_regrets(grid, scores, others)
    return Recommendation(
        traits=traits,
        where=f"{measure.title}, {READING_WORDS[reading]}, {show_fraction(grid.fractions[place])} of the training data",
        neighbours=tuple(_neighbour(grid.tasks[task], float(apart[task]), like) for task in near),
        losses=len(_complete(scores, near)),
        advice=tuple(Advice(grid.losses[loss], rank, close) for loss, rank, close in advice[:most]),
        regret=float(np.mean(regrets)) if regrets else 0.0,
        trials=len(regrets),
    )


def _neighbour(task: Task, apart: float, like: str) -> Neighbour:
    return Neighbour(task.name, apart, task.family, like in (task.name, task.dataset))


def _nearest(scores: Floats, apart: Floats, families: Sequence[str], tasks: Sequence[int]) -> list[int]:
    """The nearest tasks with scores of two losses or more, as far as they are of the NEAREST first families."""
    usable = [task for task in tasks if (~np.isnan(scores[:, task])).sum() >= 2]
    nearest = sorted(usable, key=lambda task: (apart[task], task))
    found: list[int] = []
    for task in nearest:
        if len({families[place] for place in (*found, task)}) > NEAREST:
            break
        found.append(task)
    return found


def _complete(scores: Floats, tasks: Sequence[int]) -> list[int]:
    return [int(loss) for loss in np.flatnonzero(~np.isnan(scores[:, tasks]).any(1))]


def _advise(
    scores: Floats, apart: Floats, families: Sequence[str], tasks: Sequence[int]
) -> list[tuple[int, float, int]]:
    """Losses, best first, with their average rank and on how many families they were near the best.

    A family counts once, by the means over its tasks, and weighs by how near its nearest task is.
    """
    losses = _complete(scores, tasks) if tasks else []
    if not losses:
        return []
    members = {
        family: [task for task in tasks if families[task] == family]
        for family in dict.fromkeys(families[task] for task in tasks)
    }
    means = np.stack([scores[:, group].mean(1) for group in members.values()])[:, losses]
    weights = [1 / (0.1 + apart[group].min()) for group in members.values()]
    average = np.average(block_ranks(means), axis=0, weights=weights)
    close = (means >= means.max(1, keepdims=True) - 0.01).sum(0)
    order = np.argsort(average, kind="stable")
    return [(losses[place], float(average[place]), int(close[place])) for place in order]


def _past_regrets(grid: Grid, scores: Floats, traits: Sequence[Traits]) -> list[float]:
    """For each family, how far the loss advised from the others is below the best one, mean over its tasks."""
    families = [task.family for task in grid.tasks]
    regrets: dict[str, list[float]] = defaultdict(list)
    for task, family in enumerate(families):
        apart = np.array([distance(traits[task], other) for other in traits])
        others = [place for place, other in enumerate(families) if other != family]
        near = _nearest(scores, apart, families, others)
        there = ~np.isnan(scores[:, task])
        advice = [loss for loss, _, _ in _advise(scores, apart, families, near) if there[loss]]
        if advice and there.sum() >= 2:
            regrets[family].append(float(np.nanmax(scores[:, task]) - scores[advice[0], task]))
    return [float(np.mean(of_family)) for of_family in regrets.values()]
