"""Two losses, or two folders of results, compared on every dataset that both have."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mlbench.errors import DataError, UnknownNameError
from mlbench.report.comparison.folders import scores_of_folders
from mlbench.report.comparison.result import Duel, HeadToHead, by_family
from mlbench.report.data.arrays import Floats, mean_of, settled
from mlbench.report.data.grid import READING_WORDS, READINGS, Grid, Task
from mlbench.report.data.measures import require
from mlbench.report.data.merge import check_something_finished, merge
from mlbench.report.data.replicates import StoredReplicates
from mlbench.report.statistics import ROPE, Region
from mlbench.report.statistics.spans import spans_of
from mlbench.report.statistics.within import Difference, within_dataset
from mlbench.report.wording import show_fraction


def head_to_head(
    first: str,
    second: str,
    *,
    results: Sequence[Path],
    datasets: Collection[str] = (),
    metric: str = "map",
    reading: str = "own",
    fraction: float | None = None,
    rope: float = ROPE,
) -> HeadToHead:
    """Compare two losses of `results`, or two folders of results where `first` and `second` name such.

    `fraction` is the largest that both have where not given; `rope` the share of a family's span that counts as
    equal. Raises UnknownNameError for a loss, dataset,
    metric or reading that the records do not have, DataError where the two share no cell.
    """
    if reading not in READINGS:
        raise UnknownNameError("reading", reading, READINGS)
    if Path(first).exists() and Path(second).exists():
        scores, grid, measure, problems, there = scores_of_folders(Path(first), Path(second), metric, reading)
        sides, replicates = (0, 1), None
    else:
        merged = merge(results, losses=(first, second))
        check_something_finished(merged.cells, results, merged.problems)
        grid, problems = Grid(merged.cells), merged.problems
        for name in (first, second):
            if name not in grid.losses:
                raise UnknownNameError("loss", name, grid.losses, where="the records")
        measure = require(metric, grid.metric_keys)
        scores = grid.scores(reading, metric) * measure.sign
        sides = grid.losses.index(first), grid.losses.index(second)
        there = np.asarray(~np.isnan(scores[list(sides)]).all((0, 3)))
        replicates = StoredReplicates(grid, results, [metric])
    for name in datasets:
        if name not in grid.task_names:
            raise UnknownNameError("dataset", name, grid.task_names, where="the records")
    place = _fraction(grid, scores[list(sides)], fraction)
    duels, absent = list[Duel](), list[str]()
    for task, facts in enumerate(grid.tasks):
        both = np.asarray(~np.isnan(scores[list(sides), task, place]).any(0))
        if both.any() and (not datasets or facts.name in datasets):
            stored = None if replicates is None else replicates.load(task, place).get((reading, metric))
            drawn = None if stored is None else stored * measure.sign
            duels.append(_duel(facts, scores[:, task, place], drawn, sides, both))
        elif there[task, place] and (not datasets or facts.name in datasets):
            absent.append(facts.name)
    if not duels:
        raise DataError(f"{first} and {second} share no finished cell of the same dataset, fraction and seed")
    members = {family: list[int]() for family in dict.fromkeys(duel.family for duel in duels)}
    for duel in duels:
        members[duel.family].append(grid.task_names.index(duel.task))
    spans = spans_of(grid, reading, measure, place, list(members.values()))
    region = Region(tuple(members), spans, rope)
    where = f"{measure.title}, {READING_WORDS[reading]}, {show_fraction(grid.fractions[place])} of the training data"
    across = region.judge(by_family(duels))
    return HeadToHead(
        first,
        second,
        measure,
        where,
        tuple(duels),
        across,
        region.left_out,
        tuple(dict.fromkeys(problems)),
        tuple(absent),
    )


def _duel(
    task: Task,
    scores: Floats,
    replicates: npt.NDArray[np.floating] | None,
    sides: tuple[int, int],
    both: npt.NDArray[np.bool_],
) -> Duel:
    """Of scores [losses, seeds] on one task: as the report compares them, with what all losses there say of seeds.

    Where the report compares nothing, one seed or none that all losses share, the mean over the seeds of `both`.
    """
    found = within_dataset(scores, replicates)
    if found is not None:
        return Duel(task.name, task.family, found.seeds, found.difference(*sides), found.rows)
    one, other = mean_of(scores[list(sides)][:, both], 1)
    apart = Difference(float(settled(one - other)), np.nan, np.nan)
    return Duel(task.name, task.family, int(both.sum()), apart, False)


def _fraction(grid: Grid, pairs: Floats, wanted: float | None) -> int:
    """The index of the fraction asked for, else of the largest that both sides have."""
    both = np.logical_or.reduce(~np.isnan(pairs).any(0), axis=(0, 2))
    if wanted is not None:
        if wanted not in grid.fractions:
            known = [f"{fraction:g}" for fraction in grid.fractions]
            raise UnknownNameError("fraction", f"{wanted:g}", known, where="the records")
        return grid.fractions.index(wanted)
    return int(np.flatnonzero(both).max(initial=0))
