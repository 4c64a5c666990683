"""What every loss was set to: its hyperparameters, as the records spell them out."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from mlbench.report.data.grid import Grid
from mlbench.report.data.tuned.drawn import DRAWN
from mlbench.report.tables.model import Row, Table, TableColumn, word

_PREFIX = "cell/loss/parameters/"


def settings_table(grid: Grid) -> Table:
    """One row a loss: its registered name and all its parameters."""
    cells = grid.cells
    parameters = [column for column in cells.columns if column.startswith(_PREFIX)]
    rows = []
    for loss in grid.losses:
        own = cells[cells["loss"] == loss]
        values = [
            f"{column.removeprefix(_PREFIX)} = {_show(own[column].dropna())}"
            for column in parameters
            if own[column].notna().any()
        ]
        name = str(own["loss_name"].iloc[0])
        rows.append(Row((word(loss), word(name), word(", ".join(values) or "none set"))))
    columns = (
        TableColumn("loss", numeric=False),
        TableColumn("registered as", numeric=False),
        TableColumn("parameters", numeric=False),
    )
    tuned = DRAWN in cells.columns
    caption = (
        "The suite's own values, with which tuning began."
        if tuned
        else "The same on every dataset and fraction."
    )
    return Table("settings", "Hyperparameters", columns, tuple(rows), caption)


def _show(values: pd.Series[Any]) -> str:
    value = values.iloc[0]
    return value if isinstance(value, str) else json.dumps(value, default=str)
