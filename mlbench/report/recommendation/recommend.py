"""`mlbench recommend`: the losses that did best on the datasets most like yours, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from mlbench.errors import DataError, UnknownNameError
from mlbench.records import stores
from mlbench.report.data.arrays import nanmean
from mlbench.report.data.grid import READING_WORDS, READINGS, Grid, Task
from mlbench.report.data.measures import require
from mlbench.report.data.merge import check_something_finished, merge
from mlbench.report.data.traits import Traits, traits_of_task
from mlbench.report.recommendation.advice import advise, nearest
from mlbench.report.recommendation.likeness import distance, find_traits
from mlbench.report.recommendation.origin import origin
from mlbench.report.recommendation.published import published_cells
from mlbench.report.recommendation.regret import Regrets, past_regrets
from mlbench.report.text.classifier import REMEDY, TRAILS, trailing
from mlbench.report.wording import listed, show_fraction

OWN = Path("results")
"""Where a run writes, if nobody says otherwise."""
NEAR = 0.5
"""A distance up to which a dataset is called alike: a factor of about three on average."""


@dataclass(frozen=True)
class Advice:
    """What is recommended."""

    loss: str
    rank: float
    """Its weighted average rank over the nearest families."""
    close: int
    """On how many of them it was within 0.01 of the best."""
    behind: tuple[str, ...] = ()
    """The nearest datasets on which its own logits, where they are asked about, trail the probe."""


class Neighbour(NamedTuple):
    """A dataset that has a say."""

    name: str
    apart: float
    """How far away it is."""
    family: str
    itself: bool
    """Whether it is the one asked about."""


@dataclass(frozen=True)
class Recommendation:
    """The advice, from which datasets it comes, and what such advice was worth on past ones."""

    traits: Traits
    """Of the dataset asked about."""
    where: str
    """Metric, reading and fraction in words."""
    neighbours: tuple[Neighbour, ...]
    losses: int
    """How many were weighed."""
    advice: tuple[Advice, ...]
    """The best first."""
    regrets: Regrets
    """What such advice was worth on past families."""
    origin: str
    """Where the numbers come from: families, protocol, commit."""
    problems: tuple[str, ...] = ()
    """What of the records could not be read or does not count."""

    @property
    def sureness(self) -> str:
        """How far to trust it, in words."""
        others = [other for other in self.neighbours if not other.itself]
        alike = sum(other.apart <= NEAR for other in others)
        if len(others) < len(self.neighbours):
            text = "The dataset itself is in the records: its own results count most."
            if others:
                text += f" {_much_alike(alike, len(others), 'other nearest dataset')}"
        elif not alike:
            text = "No dataset in the records is much like it: take this as a guess."
        else:
            text = _much_alike(alike, len(others), "nearest dataset")
        return f"{text} {self.regrets}"

    @property
    def loss(self) -> str:
        """The one to take, chosen as has been best on past families."""
        way = self.regrets.way
        if way == "likeness" and self.advice:
            return self.advice[0].loss
        return (self._by_split if way == "split" else None) or self.regrets.fixed[0]

    @property
    def _by_split(self) -> str | None:
        """What the split says; None where there is none, or the trait is not known."""
        return None if self.regrets.split is None else self.regrets.split.loss_for(self.traits)

    @property
    def _why(self) -> str:
        """What speaks for the loss where it is not by likeness; empty where likeness says the same or there is none."""
        split = self.regrets.split
        if self.regrets.way == "split" and split is not None and self._by_split is not None:
            return f": {split.why(self.loss)}"
        if not self.advice or self.loss == self.advice[0].loss:
            return ""
        return (
            ", the best single loss over all families: choosing by what data are like is not shown to do better than "
            "to take it always"
        )

    def __str__(self) -> str:
        lines = [str(self.traits), f"by {self.where}", self.origin, "", "nearest datasets in the records:"]
        lines += [
            f"  {other.name} ({'the dataset itself' if other.itself else f'distance {other.apart:.2f}'})"
            for other in self.neighbours
        ]
        families = len({other.family for other in self.neighbours})
        if why := self._why:
            lines += ["", f"recommended: {self.loss}{why}", "", "by likeness it would be:"]
        else:
            lines += ["", "recommended:"]
        lines += [
            f"  {place}. {item.loss}: average rank {item.rank:.1f} of {self.losses}, within 0.01 of the best "
            f"on {item.close} of {families} {'family' if families == 1 else 'families'}"
            for place, item in enumerate(self.advice, 1)
        ]
        lines += [
            f"  {item.loss}: own logits trail the probe by more than {TRAILS} mAP on {listed(item.behind)}: {REMEDY}"
            for item in self.advice
            if item.behind
        ]
        lines += ["", self.sureness]
        return "\n".join([*lines, *(f"In the records: {problem}." for problem in self.problems)])


def _much_alike(alike: int, others: int, thing: str) -> str:
    """How many of the others are much like the dataset."""
    if others == 1:
        return f"The one {thing} is {'' if alike else 'not '}much like it."
    if alike in (0, others):
        return (
            f"{'All' if alike else 'None'} of the {others} {thing}s {'are' if alike else 'is'} much like it."
        )
    return f"{alike} of the {others} {thing}s {'is' if alike == 1 else 'are'} much like it."


def _cells(results: Sequence[Path] | None) -> tuple[pd.DataFrame, tuple[str, ...], str]:
    """The cells that count, what is wrong with the records, and what they are called."""
    if results is None and not _has_records(OWN):
        return published_cells(), (), "the scores that come with mlbench"
    places = [OWN] if results is None else results
    merged = merge(places)
    check_something_finished(merged.cells, places, merged.problems)
    return merged.cells, merged.problems, f"the records in {listed([str(place) for place in places])}"


def _has_records(folder: Path) -> bool:
    try:
        return bool(stores(folder))
    except DataError:
        return False


def recommend_for(
    like: str,
    *,
    results: Sequence[Path] | None = None,
    metric: str = "map",
    reading: str = "own",
    fraction: float | None = None,
    parameters: Mapping[str, Any] | None = None,
    data_root: Path | None = None,
    most: int = 3,
) -> Recommendation:
    """Advice for a dataset by name or path, from the records under `results`; where None, from those in the folder
    `results` if there are some, else from the scores that come with the package. Only losses with a result on every
    neighbour are weighed.

    Raises UnknownNameError for an unknown metric, reading, fraction or dataset, DataError where no records are.
    """
    if reading not in READINGS:
        raise UnknownNameError("reading", reading, READINGS)
    cells, problems, source = _cells(results)
    grid = Grid(cells)
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
    near = nearest(scores, apart, families, range(len(others)))
    if not near:
        raise DataError(f"no dataset of the records has results of two losses by {metric}")
    advice = advise(scores, apart, families, near)
    regrets = past_regrets(grid, scores, others)
    trails = ~np.isnan(trailing(grid)[:, :, place]) & (reading == "own")
    return Recommendation(
        traits=traits,
        where=f"{measure.title}, {READING_WORDS[reading]}, {show_fraction(grid.fractions[place])} of the training data",
        neighbours=tuple(_neighbour(grid.tasks[task], float(apart[task]), like) for task in near),
        losses=len(advice),
        advice=tuple(
            Advice(
                grid.losses[loss],
                rank,
                close,
                tuple(grid.task_names[task] for task in near if trails[loss, task]),
            )
            for loss, rank, close in advice[:most]
        ),
        regrets=regrets,
        problems=problems,
        origin=origin(grid, source),
    )


def _neighbour(task: Task, apart: float, like: str) -> Neighbour:
    return Neighbour(task.name, apart, task.family, like in (task.name, task.dataset))
