"""From records to verdicts: one for every dataset that they hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlbench.report.analysis import Analysis
from mlbench.report.data.grid import Grid
from mlbench.report.data.measures import main_keys
from mlbench.report.data.merge import check_something_finished, merge
from mlbench.report.data.replicates import StoredReplicates
from mlbench.report.one_dataset.verdict import Verdict, find_verdict
from mlbench.report.statistics import ROPE


def verdicts(results: Sequence[Path], rope: float = ROPE) -> list[Verdict]:
    """By the first main metric, the losses' own logits and the largest fraction. Raises DataError where nothing
    finished."""
    merged = merge(results)
    check_something_finished(merged.cells, results, merged.problems)
    grid = Grid(merged.cells)
    analysis = Analysis(
        grid, StoredReplicates(grid, results, main_keys(grid.metric_keys)), merged.trials, rope=rope
    )
    view = analysis.default
    if view is None:
        return []
    found = (find_verdict(analysis, view, task) for task in range(len(grid.tasks)))
    return [verdict for verdict in found if verdict is not None]
