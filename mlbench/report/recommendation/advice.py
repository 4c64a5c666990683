"""Which losses did best on the tasks nearest to a dataset: a family counts once, the nearer the more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlbench.report.data.arrays import Floats, mean_of, settled
from mlbench.report.statistics.ranks import block_ranks

NEAREST = 5
"""Families of datasets that have a say."""


def nearest(scores: Floats, apart: Floats, families: Sequence[str], tasks: Sequence[int]) -> list[int]:
    """The nearest tasks with scores of two losses or more, as far as they are of the NEAREST first families."""
    usable = [task for task in tasks if (~np.isnan(scores[:, task])).sum() >= 2]
    ordered = sorted(usable, key=lambda task: (apart[task], task))
    found: list[int] = []
    for task in ordered:
        if len({families[place] for place in (*found, task)}) > NEAREST:
            break
        found.append(task)
    return found


def by_family(families: Sequence[str], tasks: Sequence[int]) -> list[list[int]]:
    """The tasks, a list for each of their families, these in the order of their first task."""
    members: dict[str, list[int]] = {}
    for task in tasks:
        members.setdefault(families[task], []).append(task)
    return list(members.values())


def family_means(scores: Floats, groups: Sequence[Sequence[int]]) -> Floats:
    """[losses, tasks] -> [families, losses]: the mean over each family's tasks."""
    return np.stack([mean_of(scores[:, list(group)], 1) for group in groups])


def advise(
    scores: Floats, apart: Floats, families: Sequence[str], tasks: Sequence[int]
) -> list[tuple[int, float, int]]:
    """The losses with a score on every task, best first: average rank, and families on which near the best.

    A family counts once, by the means over its tasks, and weighs by how near its nearest task is.
    """
    losses = np.flatnonzero(~np.isnan(scores[:, tasks]).any(1))
    if not len(losses) or not tasks:
        return []
    groups = by_family(families, tasks)
    means = family_means(scores, groups)[:, losses]
    weights = [1 / (0.1 + apart[group].min()) for group in groups]
    average = np.average(block_ranks(means), axis=0, weights=weights)
    close = (settled(means.max(1, keepdims=True) - means) <= 0.01).sum(0)
    order = np.argsort(average, kind="stable")
    return [(int(losses[place]), float(average[place]), int(close[place])) for place in order]
