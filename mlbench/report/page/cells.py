"""Every cell in one row, with the command that trains it again: the data of the page's last table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from mlbench.report.analysis import Analysis
from mlbench.report.data.grid import READINGS
from mlbench.report.wording import show_fraction

HEAD = ("dataset", "training data", "seed", "loss", "encoder", "status")


def cell_rows(analysis: Analysis, commands: Mapping[str, str], *, pages: bool) -> str:
    """JSON of `titles` and `rows`; a cell with a page of its own carries its id in the last place."""
    cells = analysis.grid.cells
    metrics = [(key, f"{READINGS['own']}/test/{key}") for key in analysis.main]
    titles = [*HEAD, *(analysis.measures[key].title for key, _ in metrics), "seconds", "command"]
    columns = {
        "dataset": cells["task"],
        "training data": [show_fraction(value) for value in cells["fraction"]],
        "seed": cells["seed"],
        "loss": cells["loss"],
        "encoder": cells["encoder"],
        "status": [_status(*pair) for pair in zip(cells["status"], cells["error_class"], strict=True)],
        **{key: _rounded(cells, column, 4) for key, column in metrics},
        "seconds": _rounded(cells, "timing/total", 1),
        "command": [commands.get(str(name), "") for name in cells["id"]],
        "id": cells["id"] if pages else [""] * len(cells),
    }
    rows = [[_plain(value) for value in row] for row in zip(*columns.values(), strict=True)]
    return json.dumps({"titles": titles, "rows": rows}, separators=(",", ":"))


def _status(status: str, error: Any) -> str:
    return status if status == "done" else f"failed: {error}"


def _rounded(cells: pd.DataFrame, column: str, digits: int) -> list[Any]:
    if column not in cells.columns:
        return [None] * len(cells)
    return [None if pd.isna(value) else round(float(value), digits) for value in cells[column]]


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
