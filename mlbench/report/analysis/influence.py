"""Whether how far a loss is from the control goes with what families are like: their labels, their kind of input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlbench.report.analysis.analysis import Analysis
from mlbench.report.analysis.views import View
from mlbench.report.data.arrays import Floats, settled
from mlbench.report.data.grid import Grid, Task
from mlbench.report.data.traits import traits_of_task
from mlbench.report.statistics.blocks import Blocks
from mlbench.report.statistics.correlation import spearman
from mlbench.report.statistics.equivalence import Judged, Region
from mlbench.report.statistics.frequentist import ALPHA, holm
from mlbench.report.statistics.interval import LEAST_FAMILIES

LEAST_VALUES = 3
"""A trait of fewer different values orders no families."""


@dataclass(frozen=True)
class Correlation:
    """Spearman's over the families of which the trait is known."""

    rho: float
    p: float
    """Two-sided, by permutation of the families."""
    p_holm: float
    """The same after Holm's correction over all of the table."""


@dataclass(frozen=True)
class Influence:
    """Of one loss, its differences from the control as shares of the families' spans; or of the spread of all."""

    by_kind: Mapping[str, Judged]
    """By what kind of input the families have."""
    by_trait: Mapping[str, Correlation]


@dataclass(frozen=True)
class Strongest:
    """The correlation with the smallest p, where Holm's correction leaves it significant; arrays of [families]."""

    loss: str
    trait: str
    families: tuple[str, ...]
    values: Floats
    """Of the trait."""
    shares: Floats
    """How far the loss is ahead of the control, of a family's span."""


@dataclass(frozen=True)
class Influences:
    """Over the families that have a span wide enough to divide by."""

    control: str
    families: int
    kinds: Mapping[str, int]
    """How many families have which kind of input, the most frequent first."""
    traits: tuple[str, ...]
    losses: Mapping[str, Influence]
    """All but the control, best rank first."""
    spread: Influence
    """Of the standard deviation over all losses, the control among them: how much the choice matters."""
    strongest: Strongest | None


def influences(analysis: Analysis, view: View) -> Influences | None:
    """None where there is no control, or where fewer families than an interval takes are wide enough."""
    blocks, region, ranking = analysis.blocks(view), analysis.region(view), analysis.ranking(view)
    control = None if blocks is None else blocks.control()
    if blocks is None or region is None or ranking is None or control is None:
        return None
    wide = region.wide
    if int(wide.sum()) < LEAST_FAMILIES:
        return None
    ordered = [ranking.losses[place] for place in ranking.order if ranking.losses[place] != control]
    differences = {loss: blocks.differences(loss, control) for loss in ordered}
    spread = settled(np.std([np.zeros(blocks.count), *differences.values()], axis=0))
    kinds, traits = _kinds(analysis.grid, blocks)[wide], _traits(analysis.grid, blocks, wide)
    names, counts = np.unique(kinds, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    rows = [_judge(part, region, kinds, names[order]) for part in (*differences.values(), spread)]
    found = _correlate([region.shares(part) for part in (*differences.values(), spread)], traits)
    *parts, of_spread = [Influence(*pair) for pair in zip(rows, found, strict=True)]
    losses = dict(zip(ordered, parts, strict=True))
    return Influences(
        control=control,
        families=int(wide.sum()),
        kinds={str(names[place]): int(counts[place]) for place in order},
        traits=tuple(traits),
        losses=losses,
        spread=of_spread,
        strongest=_strongest(losses, traits, region, differences),
    )


def _strongest(
    losses: Mapping[str, Influence],
    traits: Mapping[str, Floats],
    region: Region,
    differences: Mapping[str, Floats],
) -> Strongest | None:
    pairs = [(each.p, loss, trait) for loss, one in losses.items() for trait, each in one.by_trait.items()]
    if not pairs:
        return None
    _, loss, trait = min(pairs, key=lambda pair: pair[0])
    found, known = losses[loss].by_trait[trait], ~np.isnan(traits[trait])
    if found.p_holm > ALPHA:
        return None
    names = np.array(region.families)[region.wide][known]
    shares = region.shares(differences[loss])[known]
    return Strongest(loss, trait, tuple(map(str, names)), traits[trait][known], shares)


def kind_of_input(task: Task) -> str:
    """What a task's rows are, and whether the encoder that reads them is trained with the loss."""
    return f"{task.modality}, trained" if task.trained else task.modality


def _kinds(grid: Grid, blocks: Blocks) -> npt.NDArray[np.str_]:
    """[families]; of tasks of several kinds all of them."""
    found: list[dict[str, None]] = [{} for _ in range(blocks.count)]
    for name, family in zip(blocks.tasks, blocks.family_of, strict=True):
        found[family][kind_of_input(grid.tasks[grid.task_names.index(name)])] = None
    return np.array([" and ".join(sorted(kinds)) for kinds in found])


def _traits(grid: Grid, blocks: Blocks, wide: npt.NDArray[np.bool_]) -> dict[str, Floats]:
    """By name [wide families], a mean over the tasks of each; those that can order enough families."""
    tasks = [traits_of_task(grid.tasks[grid.task_names.index(name)]).numbers for name in blocks.tasks]
    found = {}
    for name in tasks[0]:
        values = blocks.average_families(np.array([numbers[name] for numbers in tasks], float))[wide]
        known = values[~np.isnan(values)]
        if len(known) >= LEAST_FAMILIES and len(set(known)) >= LEAST_VALUES:
            found[name] = values
    return found


def _judge(
    differences: Floats, region: Region, kinds: npt.NDArray[np.str_], names: npt.NDArray[np.str_]
) -> dict[str, Judged]:
    places, shares = np.flatnonzero(region.wide), {}
    for name in names:
        own = places[kinds == name]
        part = Region(tuple(region.families[place] for place in own), region.spans[own], region.rope)
        shares[str(name)] = part.judge(differences[own])
    return shares


def _correlate(shares: list[Floats], traits: Mapping[str, Floats]) -> list[dict[str, Correlation]]:
    """Of each row by trait; rows that are the same on all families have none."""
    found: dict[tuple[int, str], tuple[float, float]] = {}
    for row, values in enumerate(shares):
        for name, trait in traits.items():
            known = ~np.isnan(trait)
            if np.ptp(values[known]) > 0:
                rho, above, below = spearman(trait[known], values[known])
                found[row, name] = rho, min(1.0, 2 * min(above, below))
    corrected = holm([p for _, p in found.values()])
    rows: list[dict[str, Correlation]] = [{} for _ in shares]
    for ((row, name), (rho, p)), adjusted in zip(found.items(), corrected, strict=True):
        rows[row][name] = Correlation(rho, p, float(adjusted))
    return rows
