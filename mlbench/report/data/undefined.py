"""Where a metric is not defined: a cell that finished without a number is neither missing nor failed."""

from __future__ import annotations

import numpy as np

from mlbench.report.data.grid import DONE, Grid


def undefined(grid: Grid, reading: str, key: str, fraction: int) -> tuple[set[str], set[str]]:
    """The losses and the tasks that a metric is not defined for.

    A cell that finished without its number tells of its loss where another loss has one, such as a decision by
    a threshold that this loss does not fix; and of its task where the loss has one elsewhere, such as a mean
    over a bucket that this task lacks.
    """
    there = ~np.isnan(grid.scores(reading, key)[:, :, fraction])
    without = (grid.state[:, :, fraction] == DONE) & ~there
    losses = (without & there.any(0)).any((1, 2))
    tasks = (without & there.any((1, 2), keepdims=True)).any((0, 2))
    return (
        {grid.losses[loss] for loss in np.flatnonzero(losses)},
        {grid.task_names[task] for task in np.flatnonzero(tasks)},
    )
