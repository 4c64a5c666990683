"""What a loss costs: seconds and memory of each task, at one fraction."""

from __future__ import annotations

import numpy as np

from mlbench.report.arrays import nanmean, nanstd
from mlbench.report.grid import Grid, show_fraction
from mlbench.report.tables.model import Column, Row, Table, mean_entry, number, word

_COLUMNS = {
    "time": ("timing/train", "Training time, seconds", 1.0),
    "memory": ("memory/device_peak", "Peak device memory, GB", 1e-9),
    "host-memory": ("memory/host_peak", "Peak host memory, GB", 1e-9),
}


def cost_tables(grid: Grid, fraction: int) -> list[Table]:
    """Training time, device memory and host memory; of what no record says there is no table."""
    return [table for name in _COLUMNS if (table := _cost_table(grid, fraction, name)) is not None]


def _cost_table(grid: Grid, fraction: int, name: str) -> Table | None:
    column, title, unit = _COLUMNS[name]
    values = grid.values(column)[:, :, fraction] * unit
    tasks = [int(task) for task in np.flatnonzero(~np.isnan(values).all((0, 2)))]
    if not tasks:
        return None
    mean, deviation = nanmean(values, 2), nanstd(values, 2)
    least = np.nanmin(mean[:, tasks], axis=0)
    shared = ~np.isnan(mean[~np.isnan(mean).all(1)]).any(0)
    relative = (
        np.exp(nanmean(np.log(np.where(shared, mean, np.nan)), 1)) if shared.any() else mean[:, 0] * np.nan
    )
    relative = relative / np.nanmin(relative) if not np.isnan(relative).all() else relative
    rows = []
    for index in sorted(
        range(len(grid.losses)), key=lambda index: (np.isnan(relative[index]), relative[index])
    ):
        entries = [word(grid.losses[index]), number(float(relative[index]), 2)]
        for task, best in zip(tasks, least, strict=True):
            value = float(mean[index, task])
            entries.append(mean_entry(value, float(deviation[index, task]), best=value <= best))
        rows.append(Row(tuple(entries)))
    columns = (
        Column("loss", numeric=False),
        Column("relative", "geometric mean over the datasets that all losses finished, over the least"),
        *(Column(grid.task_names[task], task=True) for task in tasks),
    )
    share = show_fraction(grid.fractions[fraction])
    caption = "Mean ± standard deviation over seeds; bold: the least of its column. Compare within one machine only."
    return Table(
        f"{name}-{grid.fractions[fraction]:g}",
        f"{title}: {share} of the training data",
        columns,
        tuple(rows),
        caption,
    )
