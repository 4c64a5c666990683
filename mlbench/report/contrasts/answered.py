"""What the records say to a question: over all families, and over those of few and of many labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mlbench.report.analysis import Analysis
from mlbench.report.claims.sides import FEW, MANY
from mlbench.report.contrasts.asked import AskedContrast, Side
from mlbench.report.data.arrays import Floats, mean_of, nanmean, settled
from mlbench.report.data.grid import READINGS, Grid
from mlbench.report.data.measures import Measure, measure
from mlbench.report.statistics import make_blocks
from mlbench.report.statistics.blocks import Blocks
from mlbench.report.statistics.equivalence import Judged, Region
from mlbench.report.statistics.leverage import Leverage, leverage
from mlbench.report.statistics.spans import family_spans

GROUPS = {
    "all": (1, np.inf),
    f"up to {FEW} labels": (1, FEW),
    f"{FEW + 1} to {MANY - 1} labels": (FEW + 1, MANY - 1),
    f"{MANY} labels and more": (MANY, np.inf),
}
"""Families by the mean number of labels of their datasets."""


@dataclass(frozen=True)
class ContrastAnswer:
    """To a question at one fraction, over one group of families."""

    question: AskedContrast
    fraction: int
    """Its index."""
    group: str
    """One of GROUPS."""
    families: tuple[str, ...]
    points: Floats
    """[families]: the differences."""
    judged: Judged
    shares: Floats
    """[families that are wide enough]: the differences as shares of the span."""
    region: Region
    """What counts as equal on each; it names the families whose span is too small to divide by."""
    missing: tuple[str, ...]
    """The datasets that are not in it, since results are missing."""

    @property
    def leverage(self) -> Leverage:
        """Mean and median in points, and what the mean is when one family is left out."""
        return leverage(self.points, self.families)

    @property
    def carriers(self) -> tuple[str, ...]:
        """The families that make more than half of the mean share each; none where that is within the region."""
        return self.region.carriers(self.points)


def answers(analysis: Analysis, question: AskedContrast) -> Iterator[ContrastAnswer]:
    """Of every fraction, over all families and over each group that has some and not all of them; own logits, the probe
    of losses that have none."""
    grid = analysis.grid
    # A question may be about a metric by which losses are not ranked.
    rule = replace(measure(question.key), ranked=True)
    for fraction in reversed(range(len(grid.fractions))):
        blocks = make_blocks(grid, "own", rule, fraction, losses=question.losses)
        if blocks is None or set(blocks.losses) != set(question.losses):
            continue
        points = blocks.average_families(_points(grid, blocks, question, fraction))
        region = Region(blocks.families, family_spans(grid, "own", blocks, fraction), analysis.rope)
        for group, within in _groups(grid, blocks):
            part = Region(
                tuple(name for name, here in zip(blocks.families, within, strict=True) if here),
                region.spans[within],
                region.rope,
            )
            own = settled(points[within])
            yield ContrastAnswer(
                question,
                fraction,
                group,
                part.families,
                own,
                part.judge(own),
                part.shares(own),
                part,
                blocks.excluded_tasks,
            )


def _points(grid: Grid, blocks: Blocks, question: AskedContrast, fraction: int) -> Floats:
    """[tasks]: how far one side is ahead of the other."""
    sides = [_side(grid, blocks, side, fraction) for side in (question.ahead, question.behind)]
    return settled(sides[0] - sides[1])


def _side(grid: Grid, blocks: Blocks, side: Side, fraction: int) -> Floats:
    """[tasks]: the test score of a side, a mean over seeds; more is better."""
    rows = [blocks.losses.index(loss) for loss in side.losses]
    test = np.stack([mean_of(task, 1)[rows] for task in blocks.by_task])
    if side.rule == "mean":
        return mean_of(test, 1)
    chosen = _chosen(grid, blocks, side, fraction)
    return np.asarray(test[np.arange(len(test)), chosen])


def _chosen(grid: Grid, blocks: Blocks, side: Side, fraction: int) -> npt.NDArray[np.intp]:
    """[tasks]: which loss of a side is best on validation; of equal ones the first."""
    tasks = [grid.task_names.index(name) for name in blocks.tasks]
    losses = [grid.losses.index(loss) for loss in side.losses]
    scores = _validation(grid, blocks.measure)[np.ix_(losses, tasks, [fraction])]
    return np.asarray(np.nan_to_num(settled(nanmean(scores, (2, 3))), nan=-np.inf).argmax(0))


def _validation(grid: Grid, rule: Measure) -> Floats:
    return grid.values(f"{READINGS['own']}/validation/{rule.key}") * rule.sign


def _groups(grid: Grid, blocks: Blocks) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    by_task = np.array([grid.tasks[grid.task_names.index(name)].labels for name in blocks.tasks], float)
    labels = blocks.average_families(by_task)
    for name, (low, high) in GROUPS.items():
        within = (low - 0.5 < labels) & (labels < high + 0.5)
        if name == "all":
            yield name, np.ones(len(labels), bool)
        elif within.any() and not within.all():
            yield name, within
