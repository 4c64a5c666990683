"""How much there is to win on a family: from what constant scores reach to what the best loss does."""

from __future__ import annotations

import numpy as np

from mlbench.report.arrays import Floats, nanmean, settled
from mlbench.report.grid import Grid
from mlbench.report.statistics.blocks import Blocks


def family_spans(grid: Grid, reading: str, blocks: Blocks, fraction: int) -> Floats:
    """[families] of the blocks: the best loss's mean, of all losses that finished on the family's tasks, less the
    floor's. NaN where the records have no floor."""
    tasks = [grid.task_names.index(name) for name in blocks.tasks]
    key, sign = blocks.measure.key, blocks.measure.sign
    means = nanmean(grid.scores(reading, key)[:, tasks, fraction], 2) * sign
    floor = nanmean(grid.floor(key)[tasks, fraction], 1) * sign
    spans = np.full(blocks.count, np.nan)
    for family in range(blocks.count):
        own = np.equal(blocks.family_of, family)
        complete = means[~np.isnan(means[:, own]).any(1)][:, own]
        spans[family] = complete.mean(1).max() - floor[own].mean()
    return settled(spans)
