"""Every loss in a row, by the first two main metrics: its score, its rank, how far it is from the control."""

from __future__ import annotations

import numpy as np

from mlbench.report.analysis import Analysis, View
from mlbench.report.statistics import AgainstControl, Region
from mlbench.report.statistics.equivalence import Judged
from mlbench.report.statistics.frequentist import ALPHA
from mlbench.report.statistics.interval import LEAST_FAMILIES
from mlbench.report.tables.comparison import share_entry
from mlbench.report.tables.model import Row, Table, TableColumn, TableEntry, mean_entry, number, word
from mlbench.report.wording import count, listed, show_fraction


def summary_table(analysis: Analysis) -> Table | None:
    """At the largest fraction, by own logits, by the probe of losses that have none, in the order of ranks.

    None where fewer families than an interval takes, or no control, can be compared.
    """
    largest = len(analysis.grid.fractions) - 1
    views = [
        view
        for view in analysis.views(analysis.main[:2])
        if (view.reading, view.fraction) == ("own", largest)
    ]
    parts = [part for view in views if (part := _Part.of(analysis, view)) is not None]
    if not parts:
        return None
    first = parts[0]
    columns = [TableColumn("loss", numeric=False)]
    for part in parts:
        columns += _columns(part, ahead=part is first)
    rows = []
    for loss in sorted(first.ranks, key=lambda loss: (first.ranks[loss], loss)):
        entries = [word(loss)]
        for part in parts:
            entries += part.entries(loss, ahead=part is first)
        rows.append(Row(tuple(entries)))
    share = show_fraction(analysis.grid.fractions[largest])
    title = f"Every loss beside {first.control}, {share} of the training data"
    return Table("summary", title, tuple(columns), tuple(rows), _caption(analysis, parts))


class _Part:
    """What one view has to say."""

    def __init__(self, analysis: Analysis, view: View, pairs: list[AgainstControl], region: Region) -> None:
        blocks, summary = analysis.blocks(view), analysis.summary(view)
        assert blocks is not None
        self.title = analysis.measures[view.key].title
        self.control, self.region, self.families = pairs[0].control, region, blocks.count
        self.pairs = {pair.loss: pair for pair in pairs}
        self.judged = {loss: region.judge(blocks.differences(loss, self.control)) for loss in self.pairs}
        names = analysis.grid.losses
        self.ranks = {
            name: rank for name, rank in zip(names, summary.ranks.tolist(), strict=True) if rank == rank
        }
        self.means = dict(
            zip(names, zip(summary.average.tolist(), summary.spread.tolist(), strict=True), strict=True)
        )

    @classmethod
    def of(cls, analysis: Analysis, view: View) -> _Part | None:
        blocks, pairs, region = analysis.blocks(view), analysis.pairs(view), analysis.region(view)
        if blocks is None or region is None or not pairs or int(np.sum(region.wide)) < LEAST_FAMILIES:
            return None
        return cls(analysis, view, pairs, region)

    def entries(self, loss: str, *, ahead: bool) -> list[TableEntry]:
        if loss not in self.ranks:
            return [number(None) for _ in _columns(self, ahead=ahead)]
        entries = [mean_entry(*self.means[loss]), number(self.ranks[loss], 1)]
        if loss == self.control:
            return [*entries, number(None), word("the control"), *([number(None)] if ahead else [])]
        pair = self.pairs[loss]
        entries += [share_entry(self.judged[loss]), word(self.judged[loss].word)]
        return [*entries, *([TableEntry(f"{pair.wins}, {pair.defeats}", pair.wins)] if ahead else [])]

    @property
    def uncorrected(self) -> list[str]:
        """Losses that are better or worse by the interval alone, and not significantly so after Holm's correction."""
        return [
            loss
            for loss, pair in self.pairs.items()
            if (self.judged[loss].better or self.judged[loss].worse) and not (pair.p_holm or 1) <= ALPHA
        ]


def _columns(part: _Part, *, ahead: bool) -> list[TableColumn]:
    return [
        TableColumn(part.title, "mean over families ± standard deviation over seeds"),
        TableColumn("rank", "average rank over families, 1 is best"),
        TableColumn(f"from {part.control}, % of span", "with its 95 % interval over families"),
        TableColumn("verdict", "by that interval", numeric=False),
        *(
            [TableColumn("ahead, behind", f"families on which it is ahead of {part.control}, and behind")]
            if ahead
            else []
        ),
    ]


def _caption(analysis: Analysis, parts: list[_Part]) -> str:
    first, grid = parts[0], analysis.grid
    seeds = (
        f" ± standard deviation over {count(len(grid.seeds), 'seed')} alone" if len(grid.seeds) > 1 else ""
    )
    said = [
        f"Mean over {count(first.families, 'family', 'families')}{seeds}, on the test split, by own logits; of losses "
        "that have none by the probe, a linear classifier on what they learned. % of span: of the way from a family's "
        "floor, the training frequencies as scores, to its best loss, with the 95 % interval over families."
    ]
    for part in parts:
        wide = part.families - len(part.region.narrow)
        if part.region.narrow:
            said.append(f"By {part.title} that is over {wide} families, {part.region.left_out}.")
    said.append(Judged.legend(first.region.rope))
    for part in parts:
        if part.uncorrected:
            said.append(
                f"By {part.title} {listed(part.uncorrected, 12)} "
                f"{'is' if len(part.uncorrected) == 1 else 'are'} not significantly different from {part.control} "
                "after Holm's correction all the same (Wilcoxon, 5 %)."
            )
    return " ".join(said)
