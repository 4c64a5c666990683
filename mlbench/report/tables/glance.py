"""The answer at a glance: who leads by each main metric and reading, at each fraction."""

from __future__ import annotations

from mlbench.report.analysis import Analysis, View
from mlbench.report.data.grid import READING_WORDS
from mlbench.report.tables.model import Row, Table, TableColumn, TableEntry, word
from mlbench.report.wording import show_fraction


def glance_table(analysis: Analysis) -> Table:
    """The loss of the best average rank, with that rank; how many others may be the best in the note."""
    views = set(analysis.views(analysis.main))
    rows = []
    for key in analysis.main:
        for reading in analysis.readings:
            entries = [word(f"{analysis.measures[key].title}, {READING_WORDS[reading]}")]
            for fraction in range(len(analysis.grid.fractions)):
                view = View(key, reading, fraction)
                entries.append(_leader(analysis, view) if view in views else word("–", muted=True))
            rows.append(Row(tuple(entries)))
    counts = {blocks.count for view in views if (blocks := analysis.blocks(view)) is not None}
    columns = (
        TableColumn("first" if counts == {1} else "leader by average rank", numeric=False),
        *(TableColumn(show_fraction(fraction), numeric=False) for fraction in analysis.grid.fractions),
    )
    said = [_OVER_FAMILIES] if counts - {1} else []
    sources = [analysis.source_on_one_family(view) for view in views]
    said += [_on_one(max(sources, key=len))] if 1 in counts else []
    caption = " ".join(said)
    return Table("glance", "At a glance", columns, tuple(rows), caption)


_OVER_FAMILIES = (
    "The leader's average rank over families; +n: so many others are in the set that holds the best losses with 95 % "
    "confidence."
)


def _on_one(source: str) -> str:
    how = f"by {source}, 5 %, Holm over all pairs" if source else "nothing says how sure a difference is"
    return (
        f"On one family the first loss; +n: so many others are not significantly different from it ({how})."
    )


def _leader(analysis: Analysis, view: View) -> TableEntry:
    blocks, ranking = analysis.blocks(view), analysis.ranking(view)
    if blocks is None or ranking is None:
        return word("–", muted=True)
    near = len(set(analysis.confidence_set(view)) - {ranking.best})
    rank = f"{ranking.ranks[ranking.order[0]]:.1f}" if blocks.count > 1 else ""
    return TableEntry(ranking.best, note=", ".join(filter(None, [rank, f"+{near}" if near else ""])))
