"""A metric by the variants of a family: hidden labels, or other lengths of training, averaged over families."""

from __future__ import annotations

import numpy as np

from mlbench.report.analysis import Analysis, View
from mlbench.report.analysis.variants import by_variant
from mlbench.report.tables.model import Row, Table, TableColumn, mean_entry, word
from mlbench.report.tables.scores import view_key, view_title
from mlbench.report.wording import listed


def variants_table(analysis: Analysis, view: View) -> Table | None:
    """Losses × variants, best rank first; None where no family has variants."""
    found = by_variant(analysis, view)
    if found is None:
        return None
    grid, rule, summary = analysis.grid, analysis.measures[view.key], analysis.summary(view)
    best = np.nanmax(found.means * rule.sign, axis=0)
    rows = [
        Row(
            (
                word(grid.losses[loss]),
                *(
                    mean_entry(
                        float(found.means[loss, column]),
                        float(found.spreads[loss, column]),
                        best=bool(found.means[loss, column] * rule.sign >= top),
                    )
                    for column, top in enumerate(best)
                ),
            )
        )
        for loss in summary.order
    ]
    better = "more is better" if rule.higher else "less is better"
    return Table(
        f"variants-{view_key(grid, view.reading, rule, view.fraction)}",
        f"By variant, {view_title(grid, view.reading, rule, view.fraction)}",
        (TableColumn("loss", numeric=False), *map(TableColumn, found.names)),
        tuple(rows),
        f"Mean ± standard deviation over seeds on {listed(found.families)}, where all variants are; {better}. "
        "Bold: the best of its column.",
    )
