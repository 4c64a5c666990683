"""Losses that had not finished learning: their score on validation still rises at the end of their training."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlbench.report.analysis import Analysis
from mlbench.report.data.arrays import Floats

LAST = 0.6
"""The share of the updates, counted from the end, over which a rise is looked at: the learning rate falls to nothing
towards the end, so the last of them show nothing."""
MUCH = 2.5
"""Times what counts as no difference that a score may rise over them. How it was measured: CONTRIBUTING.md, "How the
protocol's values were chosen"."""


def rising(analysis: Analysis, task: int, fraction: int, region: float) -> tuple[str, ...]:
    """The losses whose score on validation, by what selects and as a mean over seeds, rises by more than MUCH times the
    `region` over the LAST updates. None are named where records hold no curve, as where a single point was scored."""
    grid = analysis.grid
    if "history/evaluations" not in grid.cells.columns or not region > 0:
        return ()
    _, tasks, fractions, _ = grid.rows()
    columns = [
        name
        for name in ("loss", "history/evaluations", "cell/train/select_metric")
        if name in grid.cells.columns
    ]
    done = grid.cells["status"] == "done"
    here = grid.cells.loc[(tasks == task) & (fractions == fraction) & done, columns]
    found = []
    for loss, rows in here.groupby("loss"):
        rises = [rise for row in rows.to_dict("records") if (rise := _rise(row)) is not None]
        if rises and float(np.mean(rises)) > MUCH * region:
            found.append(str(loss))
    return tuple(found)


def _rise(row: Any) -> float | None:
    """Of one cell: what its score gained over the LAST updates; None where no two points tell."""
    name = row.get("cell/train/select_metric")
    curve = _curve(row["history/evaluations"], name if isinstance(name, str) else "map")
    if len(curve) < 2:
        return None
    steps, values = curve[:, 0], curve[:, 1]
    return float(values[-1] - np.interp((1 - LAST) * steps[-1], steps, values))


def _curve(items: Any, metric: str) -> Floats:
    """[points, 2]: updates and score."""
    there = items if isinstance(items, list) else []
    points = [(float(each["step"]), float(each[metric])) for each in there if each.get(metric) is not None]
    return np.array(points).reshape(-1, 2)
