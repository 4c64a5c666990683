"""How far one group of losses is ahead of another, family by family, under one metric and reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlbench.report.analysis import Analysis
from mlbench.report.claims.sides import Keep, any_task, kind_of
from mlbench.report.data.arrays import Floats, settled
from mlbench.report.data.measures import measure
from mlbench.report.statistics import make_blocks
from mlbench.report.statistics.blocks import Blocks
from mlbench.report.statistics.equivalence import Judged, Region
from mlbench.report.statistics.interval import LEAST_FAMILIES, LEVEL, detectable, mean_interval
from mlbench.report.statistics.power import MOST_FAMILIES, families_needed
from mlbench.report.statistics.spans import family_floors, family_spans
from mlbench.report.wording import count, in_percent, listed, makers, show_fraction


@dataclass(frozen=True)
class Contrast:
    """How far one group of losses is ahead of another."""

    blocks: Blocks
    points: Floats
    """[families]: the differences."""
    region: Region
    """Divides them by each family's span; a family that is too narrow for that says nothing of losses."""
    judged: Judged
    """What the mean of these shares says."""
    floors: Floats
    """[families]: what constant scores reach; NaN where it is not known."""

    @property
    def shares(self) -> Floats:
        """[families that are wide enough]: the differences as shares of the span."""
        return self.region.shares(self.points)

    @property
    def enough(self) -> bool:
        """Whether there are families enough for any verdict."""
        return self.judged.families >= LEAST_FAMILIES

    def sentence(self, ahead: Sequence[str], behind: Sequence[str], share: str) -> str:
        """The difference in words, with what was left out; `share` is the fraction's name."""
        one, other = _mean_of(ahead, self.blocks), _mean_of(behind, self.blocks)
        if self.blocks.count == 1:
            alone = (
                f"{_apart(float(self.points[0]), 3)} {other}, in points, on {self.blocks.families[0]} alone."
            )
            text = f"{self.blocks.measure.title}, {share}: {one} is {alone}"
            return text + self._left_out() + self._missing(ahead, behind)
        wins = f"ahead on {int((self.points > 0).sum())} of {count(self.blocks.count, 'family', 'families')}"
        points = _apart(float(self.points.mean()), 3)
        text = f"{self.blocks.measure.title}, {share}: {one} is "
        if self.enough:
            found = self.judged.interval
            low, high = (in_percent(end, plus="") for end in (found.low, found.high))
            text += (
                f"{_apart(100 * found.mean, 1, ' % of the span from floor to best')} {other} on average over "
                f"{len(self.shares)} families (95 % interval {low} to {high} %), "
                f"{points} it in points, and {wins}.{self._carried()}"
            )
        else:
            text += f"{points} {other} on average, in points, and {wins}."
        return text + self._sunk() + self._left_out() + self._missing(ahead, behind)

    def too_few(self, keep: Keep) -> str:
        """Why no verdict is possible."""
        kind = "" if keep is any_task else f" of the kind that it is about ({kind_of(keep)})"
        known = " with a wide enough span" if self.region.narrow else ""
        return f"Too few families{kind}{known}: {len(self.shares)}, and {LEAST_FAMILIES} are needed."

    def power(self) -> str:
        """What so many families could have found, where they found nothing, and how many it takes to find the region of
        equivalence."""
        region = f"{100 * self.judged.rope:g} %"
        if self.judged.equal:
            return f"The two are practically equal: all of the interval is within {region}."
        spread = float(self.shares.std(ddof=1))
        needed = families_needed(self.judged.rope / spread, 1 - LEVEL)
        found = f"{100 * detectable(len(self.shares)) * spread:.1f} %"
        return (
            f"With this spread, {len(self.shares)} families find a true difference of {found} in four of five such "
            f"comparisons; one of {region} takes {f'more than {MOST_FAMILIES:,}' if needed is None else needed}."
        )

    def _carried(self) -> str:
        """Which families make more than half of a mean that is more than nothing, and what it is without them."""
        names = self.region.carriers(self.points)
        if not names:
            return ""
        kept = np.array([name not in names for name in self.region.families])[self.region.wide]
        rest = mean_interval(self.shares[kept])
        mean, low, high = (in_percent(end, plus="") for end in (rest.mean, rest.low, rest.high))
        without = f"without {'it' if len(names) == 1 else 'them'} it is {mean} %"
        ends = f" ({low} to {high} %)" if kept.sum() >= LEAST_FAMILIES else ""
        return f" {makers(names)} more than half of that mean; {without}{ends}."

    def _sunk(self) -> str:
        """Where a loss does worse than constant scores."""
        below = self.blocks.scores < self.floors[:, None]
        names = [
            f"{self.blocks.losses[loss]} on {self.blocks.families[family]}"
            for family, loss in np.argwhere(below).tolist()
        ]
        return f" Below the floor: {listed(names)}." if names else ""

    def _left_out(self) -> str:
        if not self.region.narrow:
            return ""
        return f" Left out of the %, {self.region.left_out}."

    def _missing(self, ahead: Sequence[str], behind: Sequence[str]) -> str:
        gone = [loss for loss in (*ahead, *behind) if loss not in self.blocks.losses]
        return f" Not compared, since results are missing: {listed(gone)}." if gone else ""


def contrast(
    analysis: Analysis,
    key: str,
    reading: str,
    ahead: Sequence[str],
    behind: Sequence[str],
    keep: Keep = any_task,
) -> Contrast | str:
    """The means of two groups of losses set against each other at the largest fraction, or why they cannot be."""
    grid = analysis.grid
    if not ahead or not behind:
        here = [*ahead, *behind]
        if not here:
            return "None of the losses that it compares is here."
        return f"Of the losses that it compares only {listed(here)} {'is' if len(here) == 1 else 'are'} here."
    if key not in analysis.measures or reading not in analysis.readings:
        return f"No record has {key}."
    tasks = [task.name for task in grid.tasks if keep(task)]
    if not tasks:
        return f"No dataset here is of the kind that it is about: {kind_of(keep)}."
    fraction = len(grid.fractions) - 1
    # A paper's metric is looked at whether or not losses are ranked by it here.
    rule = replace(measure(key), ranked=True)
    blocks = make_blocks(grid, reading, rule, fraction, losses=[*ahead, *behind], tasks=tasks)
    if blocks is None or not set(ahead) & set(blocks.losses) or not set(behind) & set(blocks.losses):
        return (
            f"Not one of {listed(tasks)} has finished cells of both sides, {listed(ahead)} and {listed(behind)}, at "
            "the largest fraction."
        )
    region = Region(blocks.families, family_spans(grid, reading, blocks, fraction), analysis.rope)
    points = settled(gains(blocks, ahead, behind))
    return Contrast(blocks, points, region, region.judge(points), family_floors(grid, blocks, fraction))


def gains(blocks: Blocks, ahead: Sequence[str], behind: Sequence[str]) -> Floats:
    """[families]: how far the mean of one group of losses is above that of the other."""
    means = [
        blocks.scores[:, [blocks.losses.index(loss) for loss in group if loss in blocks.losses]].mean(1)
        for group in (ahead, behind)
    ]
    return np.asarray(means[0] - means[1])


def largest(analysis: Analysis) -> str:
    """The fraction at which claims are tested, in words."""
    return show_fraction(analysis.grid.fractions[-1])


def _mean_of(losses: Sequence[str], blocks: Blocks) -> str:
    there = [loss for loss in losses if loss in blocks.losses]
    return there[0] if len(there) == 1 else f"the mean of {listed(there, most=len(there))}"


def _apart(value: float, digits: int, unit: str = "") -> str:
    """`1.2 % ahead of`, `0.013 behind`, `level with`."""
    text = f"{abs(value):.{digits}f}"
    return "level with" if float(text) == 0 else f"{text}{unit} {'ahead of' if value > 0 else 'behind'}"
