"""Two losses or two folders head to head: what was found, and the answer in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlbench.report.data.arrays import Floats, mean_of
from mlbench.report.data.measures import Measure
from mlbench.report.statistics import Judged
from mlbench.report.statistics.leverage import Leverage, leverage
from mlbench.report.statistics.within import Difference, source_of
from mlbench.report.wording import count


@dataclass(frozen=True)
class Duel:
    """The two on one dataset."""

    task: str
    family: str
    seeds: int
    """How many both were compared on."""
    difference: Difference
    """How far the first is ahead of the second; more is better whatever the metric."""
    rows: bool
    """Whether its interval holds the test rows' own uncertainty beside that of the seeds."""


@dataclass(frozen=True)
class HeadToHead:
    """Two sides on every dataset that both have; `str` of it is the answer in words."""

    first: str
    second: str
    measure: Measure
    where: str
    """Metric, reading and fraction in words."""
    duels: tuple[Duel, ...]
    across: Judged
    """What the interval over families says."""
    left_out: str
    """Which families say nothing across families, and why."""
    problems: tuple[str, ...] = ()
    """What of the records could not be read or does not count."""
    absent: tuple[str, ...] = ()
    """Datasets that only one side has results of."""

    @property
    def differences(self) -> Leverage:
        """Over families: mean, median, and the range when one is left out."""
        return leverage(by_family(self.duels), list(dict.fromkeys(duel.family for duel in self.duels)))

    @property
    def mean(self) -> float:
        """The mean over families of the difference."""
        return self.differences.mean

    @property
    def verdict(self) -> str:
        """The outcome in a sentence."""
        ahead = sum(duel.difference.low > 0 for duel in self.duels)
        behind = sum(duel.difference.high < 0 for duel in self.duels)
        single = _within_words(self.first, self.second, self.duels, ahead, behind)
        narrow = ""
        if self.left_out:
            narrow = f" Left out of it, {self.left_out}."
        absent = ""
        if self.absent:
            absent = f" Not compared, since one of the two has no result there: {', '.join(self.absent)}."
        return f"{single}. Across families: {self.across.sentence(self.first, self.second)}.{narrow}{absent}"

    @property
    def correction(self) -> str:
        """By what the intervals are, and that they are of one comparison."""
        if all(np.isnan(duel.difference.low) for duel in self.duels):
            return "The verdict across families is of this one comparison, without a correction."
        source = source_of(
            rows=any(duel.rows for duel in self.duels), seeds=any(duel.seeds > 1 for duel in self.duels)
        )
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
        if not self.across.slight:
            lines += [f"{name} alone makes more than half of the mean" for name in over.carriers]
        lines += ["", self.verdict, self.correction]
        return "\n".join([*lines, *(f"In the records: {problem}." for problem in self.problems)])


def _signed(value: float) -> str:
    """`+0.012`, `-0.003`; what rounds to 0 has no sign."""
    text = f"{value:+.3f}"
    return text if float(text) else text[1:]


def _within_words(first: str, second: str, duels: Sequence[Duel], ahead: int, behind: int) -> str:
    """On how many datasets the two are significantly different, in words."""
    datasets = count(len(duels), "dataset")
    if all(np.isnan(duel.difference.low) for duel in duels):
        return (
            f"Within {'the dataset' if len(duels) == 1 else datasets} nothing says how sure a difference is"
        )
    if ahead + behind == 0:
        where = f"any of {datasets}" if len(duels) > 1 else duels[0].task
        return f"{first} and {second} are not significantly different on {where}"
    if len(duels) == 1:
        return f"{first} is significantly {'better' if ahead else 'worse'} on {duels[0].task}"
    return f"{first} is significantly better on {ahead} and significantly worse on {behind} of {datasets}"


def _unknown(duel: Duel) -> str:
    """Why there is no interval."""
    return "unknown: one seed" if duel.seeds == 1 else "unknown: no spread"


def by_family(duels: Sequence[Duel]) -> Floats:
    families = dict.fromkeys(duel.family for duel in duels)
    return np.array(
        [
            mean_of(np.array([duel.difference.mean for duel in duels if duel.family == family]), 0)
            for family in families
        ]
    )
