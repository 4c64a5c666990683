"""A table as HTML: sortable by `data-order`, its losses and datasets marked for the page's filters."""

from __future__ import annotations

import html

from mlbench.plain_text import fit
from mlbench.report.tables.model import Row, Table, TableColumn, TableEntry

LONG = 60
"""Letters from which words are set in lines."""


def escape(text: str) -> str:
    """Text that no browser takes for markup."""
    return html.escape(fit(text))


def to_html(table: Table, *, sortable: bool = True) -> str:
    """A scrolling region with the table in it; floor, ceiling and control stand in its foot."""
    title = escape(table.title)
    head = "".join(map(_heading, table.columns))
    body = "".join(_row(row, table.columns) for row in table.rows if row.kind == "loss")
    foot = "".join(_row(row, table.columns) for row in table.rows if row.kind == "reference")
    foot = f"<tfoot>{foot}</tfoot>" if foot else ""
    caption = f'<p class="caption">{escape(table.caption)}</p>' if table.caption else ""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{title}">'
        f'<table class="{"data" if sortable else "plain"}" id="t-{escape(table.key)}"><caption>{title}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}</table></div>{caption}"
    )


def _heading(column: TableColumn) -> str:
    text = escape(column.title)
    task = f' data-task="{text}"' if column.task else ""
    note = f' title="{escape(column.note)}"' if column.note else ""
    kind = "" if column.numeric else ' class="text"'
    return f'<th scope="col"{kind}{note}{task}>{text}</th>'


def _row(row: Row, columns: tuple[TableColumn, ...]) -> str:
    first = row.entries[0]
    name = escape(first.text)
    loss = f' data-loss="{name}"' if row.kind == "loss" else ""
    muted = ' class="muted"' if first.muted else ""
    cells = "".join(map(_cell, row.entries[1:], columns[1:]))
    return f'<tr{loss}><th scope="row"{muted}>{name}</th>{cells}</tr>'


def _cell(entry: TableEntry, column: TableColumn) -> str:
    text = escape(entry.text)
    if entry.best:
        text = f"<b>{text}</b>"
    elif entry.near_best:
        text = f"<u>{text}</u>"
    if entry.spread:
        text += f"<small> ±{entry.spread}</small>"
    if entry.note:
        text += f'<small class="note"> {escape(entry.note)}</small>'
    classes = "muted" if entry.muted else "bad" if entry.bad else ""
    if not column.numeric and len(entry.text) > LONG:
        classes = f"long {classes}".rstrip()
    if not column.numeric:
        return f'<td class="text {classes}">{text}</td>' if classes else f'<td class="text">{text}</td>'
    order = "" if entry.value is None else f"{entry.value:.6g}"
    kind = f' class="{classes}"' if classes else ""
    return f'<td data-order="{order}"{kind}>{text}</td>'
