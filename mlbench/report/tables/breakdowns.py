"""A metric broken down, averaged over families: by how often a label occurs, and by the variants of a family."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mlbench.metrics.catalog import BUCKETS
from mlbench.report.analysis import Analysis, View
from mlbench.report.analysis.buckets import all_labels, bucket_means, tasks_of_buckets
from mlbench.report.analysis.variants import by_variant
from mlbench.report.data.arrays import Floats
from mlbench.report.tables.model import Row, Table, TableColumn, TableEntry, mean_entry, word
from mlbench.report.tables.scores import view_key, view_title
from mlbench.report.wording import count, listed


def frequency_table(analysis: Analysis, view: View) -> Table | None:
    """Losses × buckets, best rank first; None where the records have no buckets of this metric."""
    buckets, values, spreads = bucket_means(analysis, view)
    shown = [column for column in range(len(buckets)) if not np.isnan(values[:, column]).all()]
    if not shown:
        return None
    grid, rule = analysis.grid, analysis.measures[view.key]
    average, spread = all_labels(analysis, view, [buckets[column] for column in shown])
    rows = _rows(
        analysis,
        view,
        values[:, shown],
        spreads[:, shown],
        lambda loss: [mean_entry(float(average[loss]), float(spread[loss]))],
    )
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
        rows,
        caption,
    )


def variants_table(analysis: Analysis, view: View) -> Table | None:
    """Losses × variants, best rank first; None where no family has variants."""
    found = by_variant(analysis, view)
    if found is None:
        return None
    grid, rule = analysis.grid, analysis.measures[view.key]
    better = "more is better" if rule.higher else "less is better"
    return Table(
        f"variants-{view_key(grid, view.reading, rule, view.fraction)}",
        f"By variant, {view_title(grid, view.reading, rule, view.fraction)}",
        (TableColumn("loss", numeric=False), *map(TableColumn, found.names)),
        _rows(analysis, view, found.means, found.spreads),
        f"Mean ± standard deviation over seeds on {listed(found.families)}, where all variants are; {better}. "
        "Bold: the best of its column.",
    )


def _rows(
    analysis: Analysis,
    view: View,
    means: Floats,
    spreads: Floats,
    before: Callable[[int], Sequence[TableEntry]] = lambda _: (),
) -> tuple[Row, ...]:
    """A row a loss, best rank first: its name, what stands `before`, and its means [losses, columns], the best of each
    column marked."""
    signed = means * analysis.measures[view.key].sign
    best = signed >= np.nanmax(signed, axis=0)
    return tuple(
        Row(
            (
                word(analysis.grid.losses[loss]),
                *before(loss),
                *(
                    mean_entry(float(mean), float(spread), best=bool(top))
                    for mean, spread, top in zip(means[loss], spreads[loss], best[loss], strict=True)
                ),
            )
        )
        for loss in analysis.summary(view).order
    )
