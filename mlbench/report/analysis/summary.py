"""A metric at one fraction in numbers: means and spreads of every loss on every task, and over families."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlbench.report.data.arrays import Floats, mean_of, nanmean, nanstd, spread_over_seeds
from mlbench.report.data.grid import FAILED, Grid
from mlbench.report.data.measures import Measure
from mlbench.report.statistics import Blocks
from mlbench.report.statistics.ranks import block_ranks


@dataclass(frozen=True)
class Summary:
    """A metric at one fraction."""

    mean: Floats
    """[losses, tasks]: over seeds."""
    deviation: Floats
    """[losses, tasks]: over seeds."""
    finished: npt.NDArray[np.int64]
    """[losses, tasks]: seeds with a number."""
    planned: npt.NDArray[np.int64]
    """[losses, tasks]: seeds that any loss has a record of."""
    failed: npt.NDArray[np.int64]
    """[losses, tasks]: seeds that failed."""
    ranks: Floats
    """[losses]: average ranks over the families compared."""
    average: Floats
    """[losses]: means over these families."""
    spread: Floats
    """[losses]: the deviation of these means over seeds."""

    @property
    def order(self) -> list[int]:
        """Losses by average rank, those without one after them by their mean score's presence, then name."""
        keys = [(np.isnan(rank), rank if rank == rank else 0.0) for rank in self.ranks]
        return sorted(range(len(keys)), key=lambda index: (keys[index], index))


def summarise(grid: Grid, reading: str, measure: Measure, fraction: int, blocks: Blocks | None) -> Summary:
    """Means and spreads of what finished; ranks only of what `blocks` could compare."""
    scores = grid.scores(reading, measure.key)[:, :, fraction]
    ranks, average, spread = np.full((3, len(grid.losses)), np.nan)
    if blocks is not None:
        places = [grid.losses.index(loss) for loss in blocks.losses]
        table = blocks.scores
        ranks[places] = block_ranks(table).mean(0)
        average[places] = mean_of(table, 0) * measure.sign
        tasks = [grid.task_names.index(task) for task in blocks.tasks]
        families = [blocks.families[family] for family in blocks.family_of]
        spread[places] = spread_over_seeds(scores[np.ix_(places, tasks)], families)
    return Summary(
        mean=nanmean(scores, 2),
        deviation=nanstd(scores, 2),
        finished=(~np.isnan(scores)).sum(2),
        planned=np.broadcast_to(grid.planned()[:, fraction].sum(1), scores.shape[:2]),
        failed=(grid.state[:, :, fraction] == FAILED).sum(2),
        ranks=ranks,
        average=average,
        spread=spread,
    )
