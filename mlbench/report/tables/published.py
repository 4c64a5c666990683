"""What papers print of the same losses and datasets: rows beneath a table of scores, never ranked."""

from __future__ import annotations

from collections.abc import Sequence

from mlbench.report.data.published import Published
from mlbench.report.tables.model import Row, number, word


def paper_rows(papers: Sequence[tuple[Published, int]], tasks: list[int]) -> list[Row]:
    """What papers print of the same, apart from what competes."""
    found: dict[tuple[str, str], dict[int, float]] = {}
    for each, task in papers:
        found.setdefault((each.loss, each.paper), {})[task] = each.value
    return [
        Row(
            (
                word(f"{loss}, as published: {paper}", muted=True),
                word(""),
                word(""),
                *(number(values.get(task), 3, muted=True) for task in tasks),
            ),
            "reference",
        )
        for (loss, paper), values in found.items()
    ]


def paper_caption(papers: Sequence[tuple[Published, int]]) -> str:
    if not papers:
        return ""
    caveats = dict.fromkeys(f"{each.paper}, {each.dataset}: {each.caveat}" for each, _ in papers)
    return f" As published, and never ranked: {'; '.join(caveats)}."
