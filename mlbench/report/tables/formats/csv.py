"""Tables as CSV: numbers in full, their spread and remarks in columns beside them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from mlbench.plain_text import fit, no_formula
from mlbench.report.tables.model import Table, TableColumn, TableEntry

CsvColumns = dict[str, list[str]]


def guard(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return no_formula(fit(text).replace("\n", " "))


def to_csv(tables: Sequence[tuple[Mapping[str, str], Table]]) -> str:
    """Tables under one header, each row preceded by its table's own leading values.

    A column X with a spread has `X sd`, one with remarks `X note` beside it; columns that a table lacks are
    empty in its rows.
    """
    parts = [_columns(leading, table) for leading, table in tables]
    titles = dict.fromkeys(key for leading, _ in tables for key in leading)
    titles |= dict.fromkeys(guard(column.title) for _, table in tables for column in table.columns)
    found = {key for part in parts for key in part}
    ordered = [key for title in titles for key in (title, f"{title} sd", f"{title} note") if key in found]
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(ordered)
    for part, (_, table) in zip(parts, tables, strict=True):
        blank = [""] * len(table.rows)
        writer.writerows(zip(*(part.get(key, blank) for key in ordered), strict=True))
    return sink.getvalue()


def _columns(leading: Mapping[str, str], table: Table) -> CsvColumns:
    found: CsvColumns = {key: [guard(value)] * len(table.rows) for key, value in leading.items()}
    for place, column in enumerate(table.columns):
        title, entries = guard(column.title), [row.entries[place] for row in table.rows]
        if not column.numeric:
            found[title] = [guard(entry.text) for entry in entries]
        elif any(entry.value is not None for entry in entries):
            found[title] = ["" if entry.value is None else repr(entry.value) for entry in entries]
        if any(entry.deviation is not None for entry in entries):
            found[f"{title} sd"] = [
                "" if entry.deviation is None else repr(entry.deviation) for entry in entries
            ]
        remarks = [_remark(entry, column) for entry in entries]
        if any(remarks):
            found[f"{title} note"] = remarks
    return found


def _remark(entry: TableEntry, column: TableColumn) -> str:
    """A note; of a number that is not there the words that stand for it."""
    if entry.note:
        return guard(entry.note)
    return guard(entry.text) if entry.bad and column.numeric and entry.value is None else ""
