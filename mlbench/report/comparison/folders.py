"""Scores of two folders of results, set side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from mlbench.errors import DataError
from mlbench.report.data.arrays import Floats, settled
from mlbench.report.data.grid import READINGS, Grid
from mlbench.report.data.kinds import RecordKind
from mlbench.report.data.measures import Measure, require
from mlbench.report.data.merge import check_something_finished, merge
from mlbench.report.data.protocols import without_differences


def scores_of_folders(
    first: Path, second: Path, metric: str, reading: str
) -> tuple[Floats, Grid, Measure, tuple[str, ...], npt.NDArray[np.bool_]]:
    """Scores of two folders, averaged over the losses that both have: [2, tasks, fractions, seeds].

    With the grid of both, the measure, what is wrong with the records, and of which [tasks, fractions] either side has
    any. Raises DataError for results of two
    protocols.
    """
    import pandas as pd

    frames, problems, kinds = [], list[str](), list[RecordKind]()
    for name, path in enumerate((first, second)):
        merged = merge([path])
        check_something_finished(merged.cells, [path], merged.problems)
        frames.append(merged.cells.assign(side=str(name)))
        problems += merged.problems
        kinds.append(merged.kind)
    if kinds[0].version != kinds[1].version:
        raise DataError(
            f"{first} holds results of TRAINING_VERSION {kinds[0].version}, {second} of {kinds[1].version}: results of "
            "two protocols are not compared; run the older suite again"
        )
    if kinds[0].tuned != kinds[1].tuned:
        tuned, plain = (first, second) if kinds[0].tuned else (second, first)
        problems.append(f"{tuned} is tuned, {plain} is not, which favours the losses that are")
    frames, differing = without_differences(frames)
    if differing:
        problems.append(f"the two differ in [train]: {'; '.join(differing)}")
    grid = Grid(pd.concat(frames, ignore_index=True))
    measure = require(metric, grid.metric_keys)
    sides = np.full((2, *grid.shape), np.nan)
    column = f"{READINGS[reading]}/test/{metric}"
    values = pd.to_numeric(grid.cells[column], errors="coerce").to_numpy(float)
    side = grid.cells["side"].astype(int).to_numpy()
    for number in (0, 1):
        rows = np.flatnonzero(side == number)
        sides[(number, *(axis[rows] for axis in grid.rows()))] = values[rows]
    shared, there = ~np.isnan(sides).any(0), np.asarray(~np.isnan(sides).all((0, 1, 4)))
    sides = np.where(shared, sides, np.nan) * measure.sign
    losses = shared.sum(0)
    total = np.where(shared, sides, 0.0).sum(1)
    means = settled(np.where(losses > 0, total / np.maximum(losses, 1), np.nan))
    return means, grid, measure, tuple(problems), there
