"""`mlbench compare`: two losses, or two folders of results, head to head."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mlbench.errors import DataError, UnknownNameError
from mlbench.report.build import check_something_finished
from mlbench.report.data.arrays import Floats, mean_of, settled
from mlbench.report.data.grid import READINGS, Grid, Task, show_fraction
from mlbench.report.data.kinds import Kind
from mlbench.report.data.measures import Measure, require
from mlbench.report.data.merge import merge
from mlbench.report.data.protocols import without_differences
from mlbench.report.data.replicates import Replicates
from mlbench.report.statistics import ROPE, Judged, Region
from mlbench.report.statistics.aggregate import LEAST_SPAN
from mlbench.report.statistics.leverage import Leverage, leverage
from mlbench.report.statistics.spans import spans_of
from mlbench.report.statistics.within import Difference, within_dataset
from mlbench.report.tables.scores import READING_WORDS
from mlbench.report.wording import count


@dataclass(frozen=True)
class Duel:
    """One dataset: how far the first is ahead of the second (more is better whatever the metric).

    `rows` says whether the interval knows the test rows' own uncertainty beside that of the seeds.
    """

    task: str
    family: str
    seeds: int
    difference: Difference
    rows: bool


@dataclass(frozen=True)
class HeadToHead:
    """Two sides on every dataset that both have; `str` of it is the answer in words.

    `problems` name what of the records could not be read or does not count, `absent` the datasets that only one side
    has results of.
    """

    first: str
    second: str
    measure: Measure
    where: str
    duels: tuple[Duel, ...]
    across: Judged
    narrow: tuple[str, ...]
    problems: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    @property
    def differences(self) -> Leverage:
        """Over families: mean, median, and the range when one is left out."""
        return leverage(_by_family(self.duels), list(dict.fromkeys(duel.family for duel in self.duels)))

    @property
    def mean(self) -> float:
        """The mean over families of the difference."""
        return self.differences.mean

    @property
    def verdict(self) -> str:
        """The outcome in a sentence."""
        ahead = sum(duel.difference.low > 0 for duel in self.duels)
        behind = sum(duel.difference.high < 0 for duel in self.duels)
        single = _told(self.first, self.second, self.duels, ahead, behind)
        narrow = ""
        if self.narrow:
            narrow = (
                f" Left out of it, since less than {LEAST_SPAN:g} lies between floor and best, or the floor is not "
                f"known: {', '.join(self.narrow)}."
            )
        absent = ""
        if self.absent:
            absent = f" Not compared, since one of the two has no result there: {', '.join(self.absent)}."
        return f"{single}. Across families: {self.across.sentence(self.first, self.second)}.{narrow}{absent}"

    @property
    def correction(self) -> str:
        """By what the intervals are, and that they are of one comparison."""
        if all(np.isnan(duel.difference.low) for duel in self.duels):
            return "What is said across families is of this one comparison, without a correction."
        source = "test rows and seeds" if any(duel.rows for duel in self.duels) else "seeds alone"
        return (
            f"Intervals within a dataset are by {source}; all are of this one comparison, without a correction. The "
            "marks in a report's tables of scores are corrected by Holm over all pairs of losses."
        )

    def __str__(self) -> str:
        width = max(len("dataset"), *(len(duel.task) for duel in self.duels))
        lines = [f"{self.first} − {self.second}, {self.where}", ""]
        lines.append(f"{'dataset':<{width}}  {'difference':>10}  {'95 % interval':>18}  seeds")
        for duel in self.duels:
            found = duel.difference
            interval = (
                _unknown(duel) if np.isnan(found.low) else f"{_signed(found.low)} to {_signed(found.high)}"
            )
            lines.append(f"{duel.task:<{width}}  {_signed(found.mean):>10}  {interval:>18}  {duel.seeds:>5}")
        over = self.differences
        lines += ["", f"mean over families {_signed(over.mean)}, median {_signed(over.median)}"]
        if not np.isnan(over.low):
            lines[-1] += f"; {_signed(over.low)} to {_signed(over.high)} when one family is left out"
        lines += [f"{name} alone makes more than half of the mean" for name in over.carriers]
        lines += ["", self.verdict, self.correction]
        return "\n".join([*lines, *(f"In the records: {problem}." for problem in self.problems)])


def _signed(value: float) -> str:
    """`+0.012`, `-0.003`; what rounds to 0 has no sign."""
    text = f"{value:+.3f}"
    return text if float(text) else text[1:]


def _told(first: str, second: str, duels: Sequence[Duel], ahead: int, behind: int) -> str:
    """On how many datasets the two are told apart, in words."""
    datasets = count(len(duels), "dataset")
    if all(np.isnan(duel.difference.low) for duel in duels):
        return (
            f"Within {'the dataset' if len(duels) == 1 else datasets} nothing says how sure a difference is"
        )
    if ahead + behind == 0:
        return f"{first} and {second} are not told apart on {f'any of {datasets}' if len(duels) > 1 else duels[0].task}"
    if len(duels) == 1:
        return f"{first} is told apart as {'better' if ahead else 'worse'} on {duels[0].task}"
    return f"{first} is told apart as better on {ahead} and as worse on {behind} of {datasets}"


def _unknown(duel: Duel) -> str:
    """Why there is no interval."""
    return "unknown: one seed" if duel.seeds == 1 else "unknown: no spread"


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
        scores, grid, measure, problems, there = _of_folders(Path(first), Path(second), metric, reading)
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
        replicates = Replicates(grid, results, [metric])
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
    across = region.judge(_by_family(duels))
    return HeadToHead(
        first,
        second,
        measure,
        where,
        tuple(duels),
        across,
        region.narrow,
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


def _of_folders(
    first: Path, second: Path, metric: str, reading: str
) -> tuple[Floats, Grid, Measure, tuple[str, ...], npt.NDArray[np.bool_]]:
    """Scores of two folders, averaged over the losses that both have: [2, tasks, fractions, seeds].

    With the grid of both, the measure, what is wrong with the records, and of which [tasks, fractions] either side has
    any. Raises DataError for results of two
    protocols.
    """
    import pandas as pd

    frames, problems, kinds = [], list[str](), list[Kind]()
    for name, path in enumerate((first, second)):
        merged = merge([path])
        check_something_finished(merged.cells, [path], merged.problems)
        frames.append(merged.cells.assign(side=str(name)))
        problems += merged.problems
        kinds.append(merged.kind)
    if kinds[0].version != kinds[1].version:
        raise DataError(
            f"{first} holds results of TRAINING_VERSION {kinds[0].version}, {second} of {kinds[1].version}: results of "
            "two protocols are not compared; run the older suite again"
        )
    if kinds[0].tuned != kinds[1].tuned:
        tuned, plain = (first, second) if kinds[0].tuned else (second, first)
        problems.append(f"{tuned} is tuned, {plain} is not, which favours the losses that are")
    frames, differing = without_differences(frames)
    if differing:
        problems.append(f"the two differ in [train]: {'; '.join(differing)}")
    grid = Grid(pd.concat(frames, ignore_index=True))
    measure = require(metric, grid.metric_keys)
    sides = np.full((2, *grid.shape), np.nan)
    column = f"{READINGS[reading]}/test/{metric}"
    values = pd.to_numeric(grid.cells[column], errors="coerce").to_numpy(float)
    side = grid.cells["side"].astype(int).to_numpy()
    for number in (0, 1):
        rows = np.flatnonzero(side == number)
        sides[(number, *(axis[rows] for axis in grid.rows()))] = values[rows]
    shared, there = ~np.isnan(sides).any(0), np.asarray(~np.isnan(sides).all((0, 1, 4)))
    sides = np.where(shared, sides, np.nan) * measure.sign
    losses = shared.sum(0)
    total = np.where(shared, sides, 0.0).sum(1)
    means = settled(np.where(losses > 0, total / np.maximum(losses, 1), np.nan))
    return means, grid, measure, tuple(problems), there


def _fraction(grid: Grid, pairs: Floats, wanted: float | None) -> int:
    """The index of the fraction asked for, else of the largest that both sides have."""
    both = np.logical_or.reduce(~np.isnan(pairs).any(0), axis=(0, 2))
    if wanted is not None:
        if wanted not in grid.fractions:
            known = [f"{fraction:g}" for fraction in grid.fractions]
            raise UnknownNameError("fraction", f"{wanted:g}", known, where="the records")
        return grid.fractions.index(wanted)
    return int(np.flatnonzero(both).max(initial=0))


def _by_family(duels: Sequence[Duel]) -> Floats:
    families = dict.fromkeys(duel.family for duel in duels)
    return np.array(
        [
            mean_of(np.array([duel.difference.mean for duel in duels if duel.family == family]), 0)
            for family in families
        ]
    )
