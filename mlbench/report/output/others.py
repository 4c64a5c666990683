"""Records beside those of the page that may not share a table with them: what the page says of them."""

from __future__ import annotations

from dataclasses import dataclass

from mlbench.report.analysis import Analysis
from mlbench.report.data.kinds import RecordKind
from mlbench.report.tables.collect import Tables
from mlbench.report.tables.model import Table
from mlbench.report.text.answer import answer, question


@dataclass(frozen=True)
class Other:
    """A kind of records with a report of its own, as seen from the page."""

    kind: RecordKind
    analysis: Analysis
    tables: Tables
    folder: str
    """Of its report, relative to the page."""

    @property
    def title(self) -> str:
        """What heads its section."""
        return self.kind.title

    @property
    def lines(self) -> list[str]:
        """What is wrong with them, then their own answer."""
        marks = [self.kind.mark] if self.kind.mark else []
        view = self.analysis.default
        return (
            marks
            if view is None
            else [*marks, f"{question(self.analysis, view)}.", *answer(self.analysis, view)]
        )

    @property
    def table(self) -> Table | None:
        """The scores of what their own page opens with."""
        view = self.analysis.default
        return None if view is None else self.tables.scores[view]
