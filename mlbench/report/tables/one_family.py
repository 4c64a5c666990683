"""Every loss against the control where there is one family of datasets."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlbench.report.analysis import Analysis, View
from mlbench.report.statistics import AgainstControl
from mlbench.report.tables.model import Row, Table, TableColumn, signed, signed_number, word
from mlbench.report.tables.scores import view_key, view_title


def one_family_table(analysis: Analysis, view: View, pairs: Sequence[AgainstControl]) -> Table:
    """Differences from the control by test rows and seeds: one family is no sample of families."""
    control, rule = pairs[0].control, analysis.measures[view.key]
    rows = []
    for pair in sorted(pairs, key=lambda pair: -pair.differences.mean):
        found = analysis.on_one_family(view, pair.loss, control)
        if found is not None:
            ends = "" if math.isnan(found.low) else f"{signed(found.low)} to {signed(found.high)}"
            rows.append(
                Row((word(pair.loss), signed_number(found.mean), word(ends or "unknown", muted=not ends)))
            )
    columns = (
        TableColumn("loss", numeric=False),
        TableColumn("difference", f"mean over seeds of the difference from {control}; positive is better"),
        TableColumn("95 % interval", numeric=False),
    )
    return Table(
        f"control-{view_key(analysis.grid, view.reading, rule, view.fraction)}",
        f"Against {control}, {view_title(analysis.grid, view.reading, rule, view.fraction)}",
        columns,
        tuple(rows),
        f"One family of datasets: {_intervals(analysis, view)}; more is better whatever the metric.",
    )


def _intervals(analysis: Analysis, view: View) -> str:
    source = analysis.source_on_one_family(view)
    if not source:
        return "nothing says how sure a difference is"
    return f"intervals by {source}, of one comparison each, without a correction for their number"
