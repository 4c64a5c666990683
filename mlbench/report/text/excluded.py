"""What a ranking is without: losses, datasets and seeds that are excluded, and why."""

from __future__ import annotations

import numpy as np

from mlbench.report.analysis import Analysis, View
from mlbench.report.data.grid import DONE, Grid
from mlbench.report.statistics import Blocks
from mlbench.report.wording import count, listed


def excluded(analysis: Analysis, view: View, blocks: Blocks) -> list[str]:
    """Which losses and tasks the ranks are without, and why."""
    losses, tasks = set(blocks.excluded_losses), set(blocks.excluded_tasks)
    of_losses, of_tasks = undefined(analysis.grid, view.reading, view.key, view.fraction)
    reasons = (
        ("Not ranked, since results are missing or failed", losses - of_losses),
        ("Not ranked, since the metric is not defined for them", losses & of_losses),
        ("Left out of the ranks, since losses are missing there", tasks - of_tasks),
        ("Left out of the ranks, since the metric is not defined there", tasks & of_tasks),
    )
    return [f"{reason}: {listed(sorted(names))}." for reason, names in reasons if names]


def fewer_seeds(analysis: Analysis, view: View, blocks: Blocks) -> list[str]:
    """On how many seeds losses are compared where some have more of them."""
    planned = analysis.grid.planned()[:, view.fraction].sum(1)
    there = [int(planned[analysis.grid.task_names.index(task)]) for task in blocks.tasks]
    used = [scores.shape[1] for scores in blocks.by_task]
    fewer = [(few, many) for few, many in zip(used, there, strict=True) if few < many]
    if not fewer:
        return []
    few, many = min(fewer)
    return [
        f"Losses are compared on the seeds that all of them finished: on {len(fewer)} of "
        f"{count(len(used), 'dataset')} these are not all seeds, at worst {few} of {many}."
    ]


def undefined(grid: Grid, reading: str, key: str, fraction: int) -> tuple[set[str], set[str]]:
    """The losses and the tasks that a metric is not defined for.

    A cell that finished without its number says so of its loss where another loss has one, such as a decision by
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
