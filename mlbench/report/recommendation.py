"""`mlbench recommend`: the losses that did best on the datasets most like yours, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlbench.errors import DataError, UnknownNameError
from mlbench.report.arrays import Floats, nanmean
from mlbench.report.build import check_something_finished
from mlbench.report.grid import READINGS, Grid, show_fraction
from mlbench.report.likeness import Traits, distance, find_traits, traits_of_task
from mlbench.report.measures import require
from mlbench.report.merge import merge
from mlbench.report.statistics.ranks import block_ranks
from mlbench.report.tables.scores import READING_WORDS

NEAREST = 5
"""Datasets that have a say."""
NEAR = 0.5
"""A distance up to which a dataset is called alike: a factor of about three on average."""


@dataclass(frozen=True)
class Advice:
    """A loss, its weighted average rank on the nearest datasets, and on how many it was within 0.01 of the best."""

    loss: str
    rank: float
    close: int


@dataclass(frozen=True)
class Recommendation:
    """The advice, best first, from which datasets it comes, and what such advice was worth on past ones."""

    traits: Traits
    where: str
    neighbours: tuple[tuple[str, float], ...]
    losses: int
    advice: tuple[Advice, ...]
    regret: float
    trials: int

    @property
    def sureness(self) -> str:
        """How far to trust it, in words."""
        alike = sum(apart <= NEAR for _, apart in self.neighbours)
        if not alike:
            text = "No dataset in the records is much like it: take this as a guess."
        else:
            text = f"{alike} of the {len(self.neighbours)} nearest datasets are much like it."
        if self.trials < 3:
            return f"{text} Too few datasets to say how good such advice has been."
        return (
            f"{text} Given for each of {self.trials} past datasets from the others, the advised loss was "
            f"{self.regret:.3f} below the best one on average."
        )

    def __str__(self) -> str:
        lines = [str(self.traits), f"by {self.where}", "", "nearest datasets in the records:"]
        lines += [f"  {name} (distance {apart:.2f})" for name, apart in self.neighbours]
        lines += ["", "recommended:"]
        lines += [
            f"  {place}. {item.loss}: average rank {item.rank:.1f} of {self.losses}, within 0.01 of the best "
            f"on {item.close} of {len(self.neighbours)}"
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
    near = _nearest(scores, apart, range(len(others)))
    if not near:
        raise DataError(f"no dataset of the records has results of two losses by {metric}")
    advice = _advise(scores, apart, near)
    regrets = _past_regrets(grid, scores, others)
    return Recommendation(
        traits=traits,
        where=f"{measure.title}, {READING_WORDS[reading]}, {show_fraction(grid.fractions[place])} of the training data",
        neighbours=tuple((others[task].name, float(apart[task])) for task in near),
        losses=len(_complete(scores, near)),
        advice=tuple(
            Advice(grid.losses[loss], rank, _close(scores, near, loss)) for loss, rank in advice[:most]
        ),
        regret=float(np.mean(regrets)) if regrets else 0.0,
        trials=len(regrets),
    )


def _nearest(scores: Floats, apart: Floats, tasks: Sequence[int]) -> list[int]:
    """The nearest tasks on which at least two losses have a score."""
    usable = [task for task in tasks if (~np.isnan(scores[:, task])).sum() >= 2]
    return sorted(usable, key=lambda task: (apart[task], task))[:NEAREST]


def _complete(scores: Floats, tasks: Sequence[int]) -> list[int]:
    return [int(loss) for loss in np.flatnonzero(~np.isnan(scores[:, tasks]).any(1))]


def _advise(scores: Floats, apart: Floats, tasks: Sequence[int]) -> list[tuple[int, float]]:
    """Losses with their average rank, weighted by nearness, best first."""
    losses = _complete(scores, tasks)
    if not losses:
        return []
    ranks = block_ranks(scores[losses][:, tasks].T)
    average = np.average(ranks, axis=0, weights=1 / (0.1 + apart[list(tasks)]))
    return sorted(
        ((loss, float(rank)) for loss, rank in zip(losses, average, strict=True)), key=lambda pair: pair[1]
    )


def _close(scores: Floats, tasks: Sequence[int], loss: int) -> int:
    return int((scores[loss, tasks] >= np.nanmax(scores[:, tasks], axis=0) - 0.01).sum())


def _past_regrets(grid: Grid, scores: Floats, traits: Sequence[Traits]) -> list[float]:
    """For each dataset, how far the loss advised from the other families' datasets is below its best."""
    regrets = []
    for task, facts in enumerate(grid.tasks):
        apart = np.array([distance(traits[task], other) for other in traits])
        others = [place for place, other in enumerate(grid.tasks) if other.family != facts.family]
        near = _nearest(scores, apart, others)
        advice = (
            [loss for loss, _ in _advise(scores, apart, near) if not np.isnan(scores[loss, task])]
            if near
            else []
        )
        if advice and (~np.isnan(scores[:, task])).sum() >= 2:
            regrets.append(float(np.nanmax(scores[:, task]) - scores[advice[0], task]))
    return regrets
