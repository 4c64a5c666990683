"""A table as GitHub Markdown."""

from __future__ import annotations

import re
from functools import lru_cache

from mlbench.plain_text import fit
from mlbench.report.tables.model import Table, TableEntry

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~$!])")


@lru_cache(8192)
def escape(text: str) -> str:
    """Text that no Markdown reader takes for markup, HTML or a cell's end."""
    flat = " ".join(fit(text).split())
    return _SPECIAL.sub(r"\\\1", flat).replace("\\<", "&lt;").replace("\\>", "&gt;")


def to_markdown(table: Table) -> str:
    """A heading, the table, its caption."""
    head = "| " + " | ".join(escape(column.title) for column in table.columns) + " |"
    rule = "|" + "|".join("---:" if column.numeric else ":---" for column in table.columns) + "|"
    rows = ["| " + " | ".join(map(_entry, row.entries)) + " |" for row in table.rows]
    caption = [f"\n{escape(table.caption)}"] if table.caption else []
    return "\n".join([f"### {escape(table.title)}\n", head, rule, *rows, *caption]) + "\n"


def _entry(entry: TableEntry) -> str:
    text = entry.text if entry.value is not None else escape(entry.text)
    if entry.spread:
        text = f"{text} ± {entry.spread}"
    if entry.best:
        text = f"**{text}**"
    elif entry.near_best:
        text = f"<u>{text}</u>"
    return f"{text} ({escape(entry.note)})" if entry.note else text
