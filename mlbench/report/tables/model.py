"""A table as every writer sees it: rows of entries that know their number, their spread and their marks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

ABSENT = "–"


class Entry(NamedTuple):
    """What stands in one place of a table.

    `value` is the number behind the text (None for words), `spread` the text after ±, `note` a short remark
    such as "2/3" or "oom". `best` is set in bold, `alike` (not told apart from the best) underlined,
    `muted` grey, `bad` marks a cell that failed or is missing.
    """

    text: str
    value: float | None = None
    spread: str = ""
    deviation: float | None = None
    note: str = ""
    best: bool = False
    alike: bool = False
    muted: bool = False
    bad: bool = False

    @property
    def plain(self) -> str:
        """Without marks: `0.412 ± 0.004 (2/3)`."""
        text = f"{self.text} ± {self.spread}" if self.spread else self.text
        return f"{text} ({self.note})" if self.note else text


class Column(NamedTuple):
    """`title` heads it, `note` explains it, `numeric` sets it to the right, `task` says it is a dataset's."""

    title: str
    note: str = ""
    numeric: bool = True
    task: bool = False


class Row(NamedTuple):
    """`kind` is "loss" for what competes; "reference" for floor and ceiling, set apart below."""

    entries: tuple[Entry, ...]
    kind: str = "loss"


@dataclass(frozen=True)
class Table:
    """`key` names its files and anchors; the first column holds the row's name."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    caption: str = ""

    def panels(self, width: int) -> Iterator[tuple[tuple[Column, ...], list[tuple[Entry, ...]]]]:
        """The table in parts of at most `width` columns, each beginning with the first column."""
        for start in range(1, max(len(self.columns), 2), width):
            columns = (self.columns[0], *self.columns[start : start + width])
            yield columns, [(row.entries[0], *row.entries[start : start + width]) for row in self.rows]


def word(text: str, *, muted: bool = False, bad: bool = False) -> Entry:
    """An entry that is no number."""
    return Entry(text, muted=muted, bad=bad)


def number(value: float | None, digits: int = 3, *, muted: bool = False, best: bool = False) -> Entry:
    """An entry of one number; a dash where there is none."""
    if value is None or math.isnan(value):
        return Entry(ABSENT, None, muted=True)
    return Entry(format_number(value, digits), float(value), muted=muted, best=best)


def mean_entry(value: float, deviation: float, *, best: bool = False) -> Entry:
    """An entry of a mean with its standard deviation; without one where that is not known."""
    if math.isnan(value):
        return number(None)
    if math.isnan(deviation):
        return number(value, best=best)
    return Entry(format_number(value), value, format_number(deviation, like=value), deviation, best=best)


def format_number(value: float, digits: int = 3, *, like: float | None = None) -> str:
    """A fixed number of decimals, fewer for large numbers; never `-0.000`. A spread has those of its mean, `like`."""
    size = abs(value if like is None else like)
    if size >= 100:
        digits = max(0, digits - 2)
    elif size >= 10:
        digits = max(0, digits - 1)
    text = "%.*f" % (digits, value)  # noqa: UP031 - a million times in a large report, at half the time
    return text[1:] if value < 0 and not text.strip("-0.") else text
