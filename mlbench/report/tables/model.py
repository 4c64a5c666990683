"""A table as every writer sees it: rows of entries that know their number, their spread and their marks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

ABSENT = "–"


class TableEntry(NamedTuple):
    """What stands in one place of a table."""

    text: str
    value: float | None = None
    """The number behind the text; None for words."""
    spread: str = ""
    """The text after ±."""
    deviation: float | None = None
    """The number behind it."""
    note: str = ""
    """A short remark, such as "2/3" or "oom"."""
    best: bool = False
    """Set in bold."""
    near_best: bool = False
    """Not significantly different from the best: underlined."""
    muted: bool = False
    """Grey."""
    bad: bool = False
    """A cell that failed or is missing."""

    @property
    def plain(self) -> str:
        """Without marks: `0.412 ± 0.004 (2/3)`."""
        text = f"{self.text} ± {self.spread}" if self.spread else self.text
        return f"{text} ({self.note})" if self.note else text


class TableColumn(NamedTuple):
    """How a table's column is headed and set."""

    title: str
    note: str = ""
    """Explains the title."""
    numeric: bool = True
    """Set to the right."""
    task: bool = False
    """It is a dataset's."""


class Row(NamedTuple):
    """A row of a table."""

    entries: tuple[TableEntry, ...]
    kind: str = "loss"
    """"loss" for what competes, "reference" for floor and ceiling, which stand below."""


@dataclass(frozen=True)
class Table:
    """A table as every writer sees it."""

    key: str
    """Names its files and anchors."""
    title: str
    columns: tuple[TableColumn, ...]
    """The first holds the row's name."""
    rows: tuple[Row, ...]
    caption: str = ""

    def panels(self, width: int) -> Iterator[tuple[tuple[TableColumn, ...], list[tuple[TableEntry, ...]]]]:
        """The table in parts of at most `width` columns, each beginning with the first column."""
        for start in range(1, max(len(self.columns), 2), width):
            columns = (self.columns[0], *self.columns[start : start + width])
            yield columns, [(row.entries[0], *row.entries[start : start + width]) for row in self.rows]


def word(text: str, *, muted: bool = False, bad: bool = False) -> TableEntry:
    """An entry that is no number."""
    return TableEntry(text, muted=muted, bad=bad)


def number(value: float | None, digits: int = 3, *, muted: bool = False, best: bool = False) -> TableEntry:
    """An entry of one number; a dash where there is none."""
    if value is None or math.isnan(value):
        return TableEntry(ABSENT, None, muted=True)
    return TableEntry(format_number(value, digits), float(value), muted=muted, best=best)


def mean_entry(value: float, deviation: float, *, best: bool = False) -> TableEntry:
    """An entry of a mean with its standard deviation; without one where that is not known."""
    if math.isnan(value):
        return number(None)
    if math.isnan(deviation):
        return number(value, best=best)
    return TableEntry(format_number(value), value, format_number(deviation, like=value), deviation, best=best)


def format_number(value: float, digits: int = 3, *, like: float | None = None) -> str:
    """A fixed number of decimals, fewer for large numbers; never `-0.000`. A spread has those of its mean, `like`."""
    size = abs(value if like is None else like)
    if size >= 100:
        digits = max(0, digits - 2)
    elif size >= 10:
        digits = max(0, digits - 1)
    text = "%.*f" % (digits, value)  # noqa: UP031 - a million times in a large report, at half the time
    return text[1:] if value < 0 and not text.strip("-0.") else text


def signed(value: float, digits: int = 3) -> str:
    """`+0.012`, `−0.003`, `0.000`."""
    text = format_number(abs(value), digits)
    return text if float(text) == 0 else ("+" if value > 0 else "−") + text


def signed_number(value: float, digits: int = 3, *, best: bool = False) -> TableEntry:
    """An entry of a difference, with its sign."""
    plain = number(value, digits, best=best)
    return plain if plain.value is None else plain._replace(text=signed(value, digits))
