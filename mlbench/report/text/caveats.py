"""What a reader should know before quoting a number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlbench.report.analysis import Analysis
from mlbench.report.data.arrays import nanmean
from mlbench.report.data.grid import FAILED, MISSING, Grid
from mlbench.report.text.classifier import behind
from mlbench.report.wording import count, listed

SMALL = 50
"""Rows of a test split below which the page warns of it."""
LEAST_EVALUATIONS = 3
"""A cell with fewer says nothing of the length of its training."""
OFTEN_FIRST, OFTEN_LAST = 0.2, 0.5
"""Shares of cells above which the page says that the first, the last evaluation was chosen: the last is often the best
under a learning rate that falls to 0."""


def caveats(analysis: Analysis, problems: Sequence[str]) -> list[str]:
    """What a reader should know before quoting a number."""
    grid = analysis.grid
    state = grid.state
    planned = np.broadcast_to(grid.planned(), state.shape)
    failed, missing = int((state == FAILED).sum()), int(((state == MISSING) & planned).sum())
    spread = "a spread over one seed is unknown" if len(grid.seeds) == 1 else "± is over seeds alone"
    families = count(len(grid.families), "family", "families")
    lines = [f"{count(len(grid.seeds), 'seed')} and {families} of datasets: {spread}."]
    if failed or missing:
        lines.append(
            f"{count(failed, 'cell')} failed and {count(missing, 'cell is', 'cells are')} missing, of "
            f"{int(planned.sum()):,}. They are shown as such and never filled in; ranks use only what all "
            "losses share."
        )
    shared = [family for family in grid.families if sum(task.family == family for task in grid.tasks) > 1]
    if shared:
        lines.append(f"Datasets that share their inputs count once in every rank and test: {listed(shared)}.")
    lines += _small(grid)
    lines += _selected(grid)
    lines += behind(grid)
    lines += _published(analysis)
    lines += [f"In the records: {problem}" for problem in problems]
    return lines


def _small(grid: Grid) -> list[str]:
    """The tasks whose test split holds so few rows that chance decides."""
    rows = nanmean(grid.values("dataset/sizes/test"), (0, 2, 3))
    small = [
        f"{task.name} ({count(int(size), 'row')})"
        for task, size in zip(grid.tasks, rows, strict=True)
        if size < SMALL
    ]
    return [f"A test split of fewer than {SMALL} rows says little: {listed(small)}."] if small else []


def _selected(grid: Grid) -> list[str]:
    """How often the first or the last evaluation was the best on validation, where that is often."""
    cells = grid.cells.drop_duplicates("id")
    if not {"history/selected_step", "history/evaluations"} <= {*cells.columns}:
        return []
    first = last = looked = 0
    for step, evaluations in zip(cells["history/selected_step"], cells["history/evaluations"], strict=True):
        steps = [each["step"] for each in evaluations] if isinstance(evaluations, list) else []
        if len(steps) >= LEAST_EVALUATIONS and step in steps:
            first, last, looked = first + (step == steps[0]), last + (step == steps[-1]), looked + 1
    lines = []
    if first > OFTEN_FIRST * looked:
        lines.append(
            f"The first evaluation was the best on validation in {first} of {count(looked, 'cell')}: there a shorter "
            "training, or earlier evaluations, may do better."
        )
    if last > OFTEN_LAST * looked:
        lines.append(
            f"The last evaluation was the best on validation in {last} of {count(looked, 'cell')}: there a longer "
            "training may do better."
        )
    return lines


def _published(analysis: Analysis) -> list[str]:
    cells = analysis.grid.cells
    if "published" not in cells.columns or not cells["published"].any():
        return []
    if cells["published"].all():
        return ["All of these results are published ones; the new ones may not share a table with them."]
    losses = sorted(set(cells.loc[cells["published"], "loss"]))
    return [f"Published results stand beside the new ones: {listed(losses, most=40)}."]
