"""What advice was worth on past families: how far below the best loss it ends, beside taking one loss always."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlbench.report.data.arrays import Floats, mean_of, settled
from mlbench.report.data.grid import Grid
from mlbench.report.data.traits import Traits
from mlbench.report.recommendation.advice import advise, nearest
from mlbench.report.recommendation.likeness import distance
from mlbench.report.statistics.ranks import block_ranks

ALWAYS = ("bce", "asl")
"""Losses that people take without asking."""
LEAST_TRIALS = 3
"""Past families below which nothing can be said."""


@dataclass(frozen=True)
class Regrets:
    """Leave one family out: the others advise, and on it the advised loss is so far below the best one."""

    families: int
    """On how many this could be tried, with every rule."""
    by_likeness: float
    """Of the loss that is advised from the nearest families; mean over families."""
    by_rank: float
    """Of the loss with the best average rank over all other families."""
    always: Mapping[str, float]
    """Of losses that are always taken."""
    single: str
    """The loss with the best average rank over all families."""

    @property
    def fixed(self) -> tuple[str, float]:
        """The loss to take whatever the data, with its regret.

        It is the one with the best average rank, or one of ALWAYS that has ended nearer to the best.
        """
        rules = [(self.single, self.by_rank), *self.always.items()]
        return min(rules, key=lambda rule: float(settled(rule[1])))

    @property
    def likeness_helps(self) -> bool:
        """Whether likeness has done better than any single loss; of too few families that is taken for granted."""
        return self.families < LEAST_TRIALS or bool(settled(self.by_likeness) < settled(self.fixed[1]))

    def __str__(self) -> str:
        if self.families < LEAST_TRIALS:
            return "Too few families of datasets to say how good such advice has been."
        others = [f"always {loss} {value:.3f}" for loss, value in self.always.items()]
        beside = ", ".join(
            [f"the loss with the best average rank over the others {self.by_rank:.3f}", *others]
        )
        return (
            f"Given for each of {self.families} past families from the others, the advised loss was "
            f"{self.by_likeness:.3f} below the best loss on average; {beside}."
        )


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
            found.append(tuple(known.mean(0)))
    means = np.array(found).mean(0) if found else np.zeros(2 + len(always))
    best = _best_by_rank(scores, names, range(len(names)))
    return Regrets(
        families=len(found),
        by_likeness=float(means[0]),
        by_rank=float(means[1]),
        always=dict(zip(always, map(float, means[2:]), strict=True)),
        single="" if best is None else grid.losses[best],
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
    chosen = [advised, single, *(grid.losses.index(loss) for loss in always)]
    if any(loss is None or np.isnan(own[loss]) for loss in chosen):
        return None
    return [float(settled(np.nanmax(own) - own[loss])) for loss in chosen]


def _best_by_rank(scores: Floats, families: Sequence[str], tasks: Sequence[int]) -> int | None:
    """The loss with the best average rank over the families of some tasks, of those with a score on all of them."""
    losses = np.flatnonzero(~np.isnan(scores[:, list(tasks)]).any(1))
    if not len(losses) or not len(tasks):
        return None
    members: dict[str, list[int]] = {}
    for task in tasks:
        members.setdefault(families[task], []).append(task)
    means = np.stack([mean_of(scores[:, group], 1) for group in members.values()])[:, losses]
    return int(losses[int(np.argmin(settled(block_ranks(means).mean(0))))])
