"""What a loss costs: seconds of its own process and memory, of each task, at one fraction."""

from __future__ import annotations

import numpy as np

from mlbench.report.analysis.cost import over_the_least
from mlbench.report.data.arrays import nanmean, nanstd
from mlbench.report.data.grid import Grid
from mlbench.report.tables.model import Row, Table, TableColumn, mean_entry, number, word
from mlbench.report.wording import show_fraction

_COLUMNS = {
    "time": ("timing/cost", "Cost of training, seconds of the processor (on a GPU: of the device)", 1.0),
    "memory": ("memory/device_peak", "Peak device memory, GB", 1e-9),
    "host-memory": ("memory/host_peak", "Peak host memory, GB", 1e-9),
}

LEVEL_WITH = "≈"
"""Stands for a ratio that is no more than noise."""


def cost_tables(grid: Grid, fraction: int) -> list[Table]:
    """Cost of training, device memory and host memory; of what no record says there is no table."""
    return [table for name in _COLUMNS if (table := _cost_table(grid, fraction, name)) is not None]


def _cost_table(grid: Grid, fraction: int, name: str) -> Table | None:
    column, title, unit = _COLUMNS[name]
    values = grid.values(column)[:, :, fraction] * unit
    tasks = [int(task) for task in np.flatnonzero(~np.isnan(values).all((0, 2)))]
    if not tasks:
        return None
    mean, deviation = nanmean(values, 2), nanstd(values, 2)
    least = np.nanmin(mean[:, tasks], axis=0)
    relative, differs = over_the_least(values)
    rows = []
    for index in sorted(
        range(len(grid.losses)), key=lambda index: (np.isnan(relative[index]), relative[index])
    ):
        level = relative[index] > 1 and not differs[index]
        ratio = word(LEVEL_WITH, muted=True) if level else number(float(relative[index]), 2)
        entries = [word(grid.losses[index]), ratio]
        for task, best in zip(tasks, least, strict=True):
            value = float(mean[index, task])
            entries.append(mean_entry(value, float(deviation[index, task]), best=value <= best))
        rows.append(Row(tuple(entries)))
    columns = (
        TableColumn("loss", numeric=False),
        TableColumn(
            "relative",
            f"geometric mean over the datasets that all losses finished, over the least; {LEVEL_WITH}: noise",
        ),
        *(TableColumn(grid.task_names[task], task=True) for task in tasks),
    )
    share = show_fraction(grid.fractions[fraction])
    caption = "Mean ± standard deviation over seeds; bold: the least of its column; "
    caption += (
        f"{LEVEL_WITH}: no more than the least by more than seeds vary. Compare within one machine only."
    )
    return Table(
        f"{name}-{grid.fractions[fraction]:g}",
        f"{title}: {share} of the training data",
        columns,
        tuple(rows),
        caption,
    )
