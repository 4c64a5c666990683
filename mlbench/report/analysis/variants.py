"""A metric by the variants of a family: the same inputs with hidden labels, trained for longer, or the like."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlbench.report.analysis.analysis import Analysis
from mlbench.report.analysis.views import View
from mlbench.report.data.arrays import Floats, nanmean, over_families, shared_tasks, spread_over_seeds
from mlbench.report.data.grid import Task

PLAIN = "as it is"


@dataclass(frozen=True)
class Variants:
    """Means over the families that have all variants; arrays of [losses, variants]."""

    names: tuple[str, ...]
    families: tuple[str, ...]
    means: Floats
    """NaN of a loss that finished nowhere."""
    spreads: Floats
    """Standard deviations over seeds."""


def by_variant(analysis: Analysis, view: View) -> Variants | None:
    """Of the families on which every loss with any number has one in every variant; None where there are no variants,
    or no such family."""
    grid = analysis.grid
    scores = analysis.scores(view.reading, view.key)[:, :, view.fraction]
    some, shared = shared_tasks(scores)
    places = _places(grid.tasks, shared)
    names = sorted({name for found in places.values() for name in found}, key=_order)
    whole = {family: found for family, found in places.items() if len(found) == len(names)}
    if len(names) < 2 or not whole:
        return None
    means, spreads = np.full((2, len(grid.losses), len(names)), np.nan)
    for column, name in enumerate(names):
        tasks = [found[name] for found in whole.values()]
        chosen = scores[some][:, tasks]
        means[some, column] = over_families(nanmean(chosen, 2).T, list(whole))
        spreads[some, column] = spread_over_seeds(chosen, list(whole))
    return Variants(tuple(names), tuple(whole), means, spreads)


def variant(task: Task) -> str:
    """What a task's name says beyond its family's: `x10` of `yeast-x10`."""
    rest = task.name.removeprefix(task.family)
    return rest.strip(" -_,") or PLAIN


def _order(name: str) -> tuple[bool, list[tuple[int, str]]]:
    """The plain one first, the others by name, numbers by size: `x3` before `x10`."""
    return name != PLAIN, [(int(part) if part.isdecimal() else -1, part) for part in re.split(r"(\d+)", name)]


def _places(tasks: Sequence[Task], shared: npt.NDArray[np.bool_]) -> dict[str, dict[str, int]]:
    """Of each family the indices of its tasks by variant; of tasks that are not shared none."""
    found: dict[str, dict[str, int]] = {}
    for index, task in enumerate(tasks):
        if shared[index]:
            found.setdefault(task.family, {})[variant(task)] = index
    return found
