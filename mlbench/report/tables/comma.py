"""Tables as CSV: numbers in full, their spread and remarks in columns beside them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from mlbench.report.tables.model import Table


def guard(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    flat = text.replace("\r", " ").replace("\n", " ")
    return "'" + flat if flat[:1] in ("=", "+", "-", "@", "\t") else flat


def to_csv(tables: Sequence[tuple[Mapping[str, str], Table]]) -> str:
    """Tables under one header, each row preceded by its table's own leading values.

    A column X with a spread has `X sd`, one with remarks `X note` beside it; columns that a table lacks are
    empty in its rows.
    """
    rows: list[dict[str, str]] = []
    for leading, table in tables:
        for row in table.rows:
            cells = {key: guard(value) for key, value in leading.items()}
            for column, entry in zip(table.columns, row.entries, strict=True):
                title = guard(column.title)
                remark = entry.note
                if entry.value is not None:
                    cells[title] = repr(entry.value)
                elif column.numeric:
                    remark = remark or (entry.text if entry.bad else "")
                else:
                    cells[title] = guard(entry.text)
                if entry.deviation is not None:
                    cells[f"{title} sd"] = repr(entry.deviation)
                if remark:
                    cells[f"{title} note"] = guard(remark)
            rows.append(cells)
    found = {key for row in rows for key in row}
    titles = dict.fromkeys(key for leading, _ in tables for key in leading)
    titles |= dict.fromkeys(guard(column.title) for _, table in tables for column in table.columns)
    ordered = [key for title in titles for key in (title, f"{title} sd", f"{title} note") if key in found]
    sink = io.StringIO()
    writer = csv.DictWriter(sink, ordered, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return sink.getvalue()
