"""What tuning bought each loss, at one fraction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mlbench.report.analysis.budget import Budget
from mlbench.report.data.grid import Grid
from mlbench.report.tables.model import Row, Table, TableColumn, mean_entry, number, word
from mlbench.report.wording import show_fraction

FEW = 4
"""Different values of a parameter that are listed; of more the median and the ends stand."""


def tuning_table(
    grid: Grid, fraction: int, found: Budget, choices: Mapping[str, Mapping[str, Sequence[Any]]], metric: str
) -> Table:
    """A row a loss, the best tuned ones first."""
    best = np.nanmax(found.tuned) if not np.isnan(found.tuned).all() else np.nan
    rows = [
        Row(
            (
                word(grid.losses[index]),
                number(float(found.own[index])),
                number(float(found.tuned[index]), best=bool(found.tuned[index] >= best)),
                mean_entry(float(found.gain[index]), float(found.deviation[index])),
                number(float(found.trials[index]), 0),
                number(float(found.failed[index]), 0),
                number(float(found.hours[index]), 2),
                word(f"{found.kept[index]} of {found.tasks[index]}"),
                word(f"{found.edge[index]} of {found.tasks[index]}"),
                word(
                    "; ".join(_values_chosen(*item) for item in choices.get(grid.losses[index], {}).items())
                    or "–"
                ),
            )
        )
        for index in found.order
    ]
    columns = (
        TableColumn("loss", numeric=False),
        TableColumn(
            "untuned",
            f"test {metric} of the first trial, which has the suite's own values, where it finished",
        ),
        TableColumn("tuned", f"test {metric} of the trial that validation chose"),
        TableColumn(
            "gain", "where the first trial finished; ± standard deviation over the seeds of the trials"
        ),
        TableColumn("trials", "of each dataset"),
        TableColumn("failed", "cells of trials, over all datasets"),
        TableColumn("hours", "of all finished trials"),
        TableColumn("untuned kept", "datasets on which the suite's own values were chosen"),
        TableColumn("at an edge", "datasets on which a value at an edge of the shared grid was chosen"),
        TableColumn("chosen", "values, over datasets", numeric=False),
    )
    share = show_fraction(grid.fractions[fraction])
    return Table(
        f"tuning-{grid.fractions[fraction]:g}",
        f"What tuning bought: {share} of the training data",
        columns,
        tuple(rows),
        "Means over families of datasets that all tuned losses finished, on the seeds of the trials. Validation "
        "alone decides what is chosen; all other tables hold the cells that were trained anew with it, on other seeds.",
    )


def _values_chosen(column: str, values: Sequence[Any]) -> str:
    """`gamma_neg 4 (5×), 2 (3×)`; of more than FEW numbers the median and the ends, of other values how many more."""
    name = column.rsplit("/", 1)[-1]
    shown = [_show(value) for value in values]
    counts = Counter(shown).most_common()
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(counts) > FEW and len(numbers) == len(values):
        return f"{name} {np.median(numbers):.3g} ({min(numbers):.3g} to {max(numbers):.3g})"
    more = f" and {len(counts) - FEW} more" if len(counts) > FEW else ""
    return f"{name} " + ", ".join(f"{value} ({times}×)" for value, times in counts[:FEW]) + more


def _show(value: Any) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return "none"
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
