"""How much there is to win on a family: from what constant scores reach to what the best loss does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlbench.report.data.arrays import Floats, mean_of, nanmean, settled
from mlbench.report.data.grid import Grid
from mlbench.report.data.measures import Measure
from mlbench.report.statistics.blocks import Blocks


def family_spans(grid: Grid, reading: str, blocks: Blocks, fraction: int) -> Floats:
    """[families] of the blocks, in points; NaN where the records have no floor."""
    tasks = [grid.task_names.index(name) for name in blocks.tasks]
    members = [
        [task for task, own in zip(tasks, blocks.family_of, strict=True) if own == family]
        for family in range(blocks.count)
    ]
    return spans_of(grid, reading, blocks.measure, fraction, members)


def family_floors(grid: Grid, blocks: Blocks, fraction: int) -> Floats:
    """[families] of the blocks: what constant scores reach, as the blocks' scores are; NaN where no record says it."""
    floor = _floors(grid, blocks.measure, fraction)
    return settled(blocks.average_families(floor[[grid.task_names.index(name) for name in blocks.tasks]]))


def spans_of(
    grid: Grid, reading: str, measure: Measure, fraction: int, families: Sequence[Sequence[int]]
) -> Floats:
    """[families], each given by the indices of its tasks: the best loss's mean, of all losses that finished on all of
    these, less the floor's."""
    means = nanmean(grid.scores(reading, measure.key)[:, :, fraction], 2) * measure.sign
    floor = _floors(grid, measure, fraction)
    spans = np.full(len(families), np.nan)
    for family, tasks in enumerate(families):
        own = means[:, list(tasks)]
        complete = own[~np.isnan(own).any(1)]
        if len(complete):
            spans[family] = mean_of(complete, 1).max() - mean_of(floor[list(tasks)], 0)
    return settled(spans)


def _floors(grid: Grid, measure: Measure, fraction: int) -> Floats:
    """[tasks]: what constant scores reach, more being better."""
    return np.asarray(nanmean(grid.floor(measure.key)[:, fraction], 1) * measure.sign)
