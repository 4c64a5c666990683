"""What advice was worth on past families: how far below the best loss it ends, beside taking one loss always."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mlbench.report.data.arrays import Floats, settled
from mlbench.report.data.grid import Grid
from mlbench.report.data.traits import Traits
from mlbench.report.recommendation.advice import advise, by_family, family_means, nearest
from mlbench.report.recommendation.likeness import distance
from mlbench.report.recommendation.split import Split, find_split
from mlbench.report.statistics.interval import LEAST_FAMILIES, Interval, mean_interval
from mlbench.report.statistics.ranks import block_ranks
from mlbench.report.tables.model import signed

ALWAYS = ("bce", "asl")
"""Losses that people take without asking."""
LEAST_TRIALS = 3
"""Past families below which nothing can be said."""

ByFamily = tuple[float, ...]
"""How far below the best loss a rule has ended, a number for each family."""

Way = Literal["single", "split", "likeness"]
"""How a loss is chosen: one for all data, by one trait, or by the nearest families; the simplest first."""


@dataclass(frozen=True)
class Regrets:
    """Leave one family out: the others advise, and on it the advised loss is so far below the best one."""

    likeness: ByFamily
    """Of the loss that is advised from the nearest families."""
    divided: ByFamily
    """Of the loss that a split of the others says; of the best single one where they have no split."""
    rank: ByFamily
    """Of the loss with the best average rank over all other families."""
    always: Mapping[str, ByFamily]
    """Of losses that are always taken."""
    single: str
    """The loss with the best average rank over all families."""
    split: Split | None = None
    """That of all families, where one ends nearer to the best than a single loss."""

    @property
    def families(self) -> int:
        """On how many this could be tried, with every rule."""
        return len(self.likeness)

    @property
    def fixed(self) -> tuple[str, ByFamily]:
        """The loss to take whatever the data, with its regrets.

        It is the one with the best average rank, or one of ALWAYS that has ended nearer to the best.
        """
        rules = [(self.single, self.rank), *self.always.items()]
        return min(rules, key=lambda rule: _mean(rule[1]))

    @property
    def way(self) -> Way:
        """One loss for all data, unless another way is shown to end nearer to the best; of too few families that is
        taken to be likeness."""
        if self.families < LEAST_TRIALS or not self.single:
            return "likeness"
        shown = {way: regrets for way, regrets in self._ways.items() if self.nearer(regrets).low > 0}
        return min(shown, key=lambda way: _mean(shown[way]), default="single")

    @property
    def _ways(self) -> dict[Way, ByFamily]:
        """Those that look at the data, the simplest first."""
        return {**({} if self.split is None else {"split": self.divided}), "likeness": self.likeness}

    def nearer(self, regrets: ByFamily) -> Interval:
        """How much nearer to the best than the fixed loss: the mean over families, with its interval where they have
        one."""
        gained = np.subtract(self.fixed[1], regrets)
        if len(gained) < LEAST_FAMILIES:
            return Interval(_mean(gained.tolist()), -math.inf, math.inf)
        return mean_interval(gained)

    def __str__(self) -> str:
        if self.families < LEAST_TRIALS:
            return "Too few families of datasets to say how good such advice has been."
        others = [f"always {loss} {_mean(regrets):.3f}" for loss, regrets in self.always.items()]
        split = "" if self.split is None else f", by one split of a trait {_mean(self.divided):.3f}"
        beside = ", ".join(
            [f"the loss with the best average rank over the others {_mean(self.rank):.3f}", *others]
        )
        return (
            f"Given for each of {self.families} past families from the others, the loss advised by likeness was "
            f"{_mean(self.likeness):.3f} below the best loss on average{split}; {beside}. {self._shown}"
        )

    @property
    def _shown(self) -> str:
        """Whether looking at the data is shown to help."""
        if self.families < LEAST_FAMILIES:
            return (
                f"Whether either is better than {self.fixed[0]} alone takes {LEAST_FAMILIES} families to say."
            )
        names: dict[Way, str] = {"split": "the split", "likeness": "likeness"}
        said = []
        for way, regrets in self._ways.items():
            found = self.nearer(regrets)
            verdict = "nearer" if found.low > 0 else "not shown to be nearer"
            said.append(
                f"{names[way]} {verdict} ({signed(found.mean)}, {signed(found.low)} to {signed(found.high)})"
            )
        return f"Beside {self.fixed[0]} on all, with 95 % intervals over families: {', '.join(said)}."


def _mean(values: Sequence[float]) -> float:
    return float(settled(np.mean(values))) if len(values) else 0.0


def past_regrets(grid: Grid, scores: Floats, traits: Sequence[Traits]) -> Regrets:
    """Of scores [losses, tasks], more is better. Families count where every rule has a loss with a result on them."""
    names = [task.family for task in grid.tasks]
    always = [loss for loss in ALWAYS if loss in grid.losses]
    found: list[tuple[float, ...]] = []
    for family in dict.fromkeys(names):
        tasks = [place for place, name in enumerate(names) if name == family]
        rest = [place for place, name in enumerate(names) if name != family]
        by_task = [_of_task(grid, scores, traits, task, rest, always) for task in tasks]
        known = np.array([each for each in by_task if each is not None])
        if len(known):
            found.append(tuple(known.mean(0).tolist()))
    by_rule = list(zip(*found, strict=True)) if found else [()] * (3 + len(always))
    best = _best_by_rank(scores, names, range(len(names)))
    return Regrets(
        likeness=by_rule[0],
        rank=by_rule[1],
        divided=by_rule[2],
        always=dict(zip(always, by_rule[3:], strict=True)),
        single="" if best is None else grid.losses[best],
        split=find_split(scores, grid.losses, names, traits, range(len(names))),
    )


def _of_task(
    grid: Grid,
    scores: Floats,
    traits: Sequence[Traits],
    task: int,
    rest: Sequence[int],
    always: Sequence[str],
) -> list[float] | None:
    """The regret of each rule on a task, advised by tasks of other families; None where a rule has no loss there."""
    own = scores[:, task]
    if (~np.isnan(own)).sum() < 2:
        return None
    names = [each.family for each in grid.tasks]
    apart = np.array([distance(traits[task], other) for other in traits])
    near = [loss for loss, _, _ in advise(scores, apart, names, nearest(scores, apart, names, rest))]
    advised = next((loss for loss in near if not np.isnan(own[loss])), None)
    single = _best_by_rank(scores, names, rest)
    split = find_split(scores, grid.losses, names, traits, rest)
    said = None if split is None else split.loss_for(traits[task])
    by_split = single if said is None else grid.losses.index(said)
    chosen = [advised, single, by_split, *(grid.losses.index(loss) for loss in always)]
    if any(loss is None or np.isnan(own[loss]) for loss in chosen):
        return None
    return [float(settled(np.nanmax(own) - own[loss])) for loss in chosen]


def _best_by_rank(scores: Floats, families: Sequence[str], tasks: Sequence[int]) -> int | None:
    """The loss with the best average rank over the families of some tasks, of those with a score on all of them."""
    losses = np.flatnonzero(~np.isnan(scores[:, list(tasks)]).any(1))
    if not len(losses) or not len(tasks):
        return None
    means = family_means(scores, by_family(families, tasks))[:, losses]
    return int(losses[int(np.argmin(settled(block_ranks(means).mean(0))))])
