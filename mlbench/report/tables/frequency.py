"""Head, medium, tail and unseen labels: a metric by how often a label occurs, averaged over families."""

from __future__ import annotations

import numpy as np

from mlbench.metrics.catalog import BUCKETS
from mlbench.report.analysis import Analysis, View
from mlbench.report.analysis.buckets import all_labels, bucket_means, tasks_of_buckets
from mlbench.report.tables.model import Row, Table, TableColumn, mean_entry, word
from mlbench.report.tables.scores import view_key, view_title
from mlbench.report.wording import count


def frequency_table(analysis: Analysis, view: View) -> Table | None:
    """Losses × buckets, best rank first; None where the records have no buckets of this metric."""
    buckets, values, spreads = bucket_means(analysis, view)
    shown = [column for column in range(len(buckets)) if not np.isnan(values[:, column]).all()]
    if not shown:
        return None
    grid, rule, summary = analysis.grid, analysis.measures[view.key], analysis.summary(view)
    average, spread = all_labels(analysis, view, [buckets[column] for column in shown])
    best = np.nanmax(values[:, shown] * rule.sign, axis=0)
    rows = [
        Row(
            (
                word(grid.losses[loss]),
                mean_entry(float(average[loss]), float(spread[loss])),
                *(
                    mean_entry(
                        float(values[loss, column]),
                        float(spreads[loss, column]),
                        best=bool(values[loss, column] * rule.sign >= top),
                    )
                    for column, top in zip(shown, best, strict=True)
                ),
            )
        )
        for loss in summary.order
    ]
    columns = (
        TableColumn("loss", numeric=False),
        TableColumn("all labels", "on the datasets that have a bucket"),
        *(TableColumn(buckets[column], BUCKETS[buckets[column]]) for column in shown),
    )
    tasks = tasks_of_buckets(analysis, view, [buckets[column] for column in shown])
    families = count(len({grid.tasks[task].family for task in tasks}), "family", "families")
    caption = (
        f"Mean over {families} ± standard deviation over seeds, on the datasets where every loss has a number; "
        "all labels: on those of them that have a bucket. "
    ) + " ".join(f"{buckets[column].capitalize()}: {BUCKETS[buckets[column]]}." for column in shown)
    return Table(
        f"frequency-{view_key(grid, view.reading, rule, view.fraction)}",
        f"By label frequency, {view_title(grid, view.reading, rule, view.fraction)}",
        columns,
        tuple(rows),
        caption,
    )
