"""Labels as marks: a column per label that says yes or no, or a list of 0 and 1 with a place for each label."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mlbench.datasets.files.columns import Place
from mlbench.datasets.files.hints import setting

TRUE, FALSE = ("1", "1.0", "true", "yes", "y", "t"), ("0", "0.0", "false", "no", "n", "f")
NOT_SCORED = ("-1", "-1.0")
CROSSES = ("x", "✓", "✔", "☑", "☒")
"""Marks of a column in which an empty cell can mean nothing but no."""
EMPTY = ("", "none", "nan", "null", "na", "n/a", "<na>", "nat")
NUMBERS = (*TRUE[:3], *FALSE[:3], *NOT_SCORED)
"""What a multi-hot list holds, as text."""

Flags = npt.NDArray[np.bool_]
YES, NO, LEFT_OUT, MISSING, OTHER = 1, 0, -1, -2, 2


@dataclass(frozen=True)
class ReadLabels:
    """lists: the names of each row's labels. unscored: those that are not to be scored, or None. missing: of which
    nobody said anything, bool [N], or [N, L] by label."""

    lists: pa.Array | pa.ChunkedArray
    unscored: pa.Array | None = None
    missing: Flags | None = None


def parse_indicators(columns: Sequence[pa.ChunkedArray], names: Sequence[str], place: Place) -> ReadLabels:
    """Columns of marks, one per label; −1: not scored; an empty cell: missing, unless all others are crosses."""
    marks = np.stack(
        [_marks(column, name, place) for column, name in zip(columns, names, strict=True)], axis=1
    )
    if not (marks == YES).any():
        raise place.error(None, f"the columns {', '.join(names[:5])}… hold no 1 in any row")
    return _from_marks(marks, names)


def _from_marks(marks: npt.NDArray[np.int8], names: Sequence[str]) -> ReadLabels:
    missing = marks == MISSING
    return ReadLabels(
        name_lists(marks == YES, names),
        name_lists(marks == LEFT_OUT, names) if (marks == LEFT_OUT).any() else None,
        missing if missing.any() else None,
    )


def _marks(column: pa.ChunkedArray, name: str, place: Place) -> npt.NDArray[np.int8]:
    """YES, NO, LEFT_OUT or MISSING for every row."""
    text = np.array([str(value).strip().lower() for value in column.to_pylist()])
    empty = np.isin(text, EMPTY)
    crossed = not empty.all() and bool(np.isin(text[~empty], CROSSES).all())
    marks = np.full(len(text), OTHER, np.int8)
    for values, mark in ((TRUE, YES), (FALSE, NO), (NOT_SCORED, LEFT_OUT)):
        marks[np.isin(text, values)] = mark
    marks[empty] = NO if crossed else MISSING
    if crossed:
        marks[~empty] = YES
    if (marks == OTHER).any():
        row = int((marks == OTHER).argmax())
        found = column[row].as_py()
        raise place.error(
            row,
            f"column {name!r} holds {found!r:.40}; use 0, 1, or −1 for not scored (yes and no, x and nothing)",
        )
    return marks


def as_labels(rows: Sequence[Sequence[str] | None]) -> ReadLabels:
    """Of the names of each row, None where nothing is said."""
    missing = np.array([row is None for row in rows], bool)
    lists = pa.array([row or [] for row in rows], pa.large_list(pa.large_string()))
    return ReadLabels(lists, missing=missing if missing.any() else None)


def name_lists(chosen: Flags, names: Sequence[str]) -> pa.Array:
    """The names of each row's chosen columns."""
    rows, columns = np.nonzero(chosen)
    offsets = np.searchsorted(rows, np.arange(len(chosen) + 1)).astype(np.int64)
    values = pa.array(np.array(names, dtype=object)[columns], pa.large_string())
    return pa.LargeListArray.from_arrays(pa.array(offsets), values)


def only_marks(names: Iterable[str]) -> bool:
    """Whether these names are nothing but what a multi-hot list holds."""
    return all(name.lower() in NUMBERS for name in names)


def are_multi_hot(rows: Sequence[Sequence[Any] | None]) -> bool:
    """Whether these lists hold a mark for each label rather than names: nothing but 0, 1 and −1, in lists of one length
    or with one of them twice in a list."""
    given = [row for row in rows if row]
    if not given or not only_marks(str(value) for row in given for value in row):
        return False
    lengths = {len(row) for row in rows if row is not None}
    return len(lengths) == 1 or any(len(set(row)) < len(row) for row in given)


def parse_multi_hot(
    rows: Sequence[Sequence[Any] | None], labels: Sequence[str], name: str, place: Place
) -> ReadLabels:
    """Lists of marks in the order of `labels`. Raises DataError that asks for `labels` where there are none."""
    first = next(row for row in rows if row)
    if not labels:
        raise place.error(
            None,
            f"column {name!r} holds lists of {len(first)} marks such as {_shown(first)}: which label does each place "
            f"stand for? Say {setting('label_names', ['first', 'second'], more=True)}; where 0 and 1 are names, write "
            "them as words",
        )
    marks = np.full((len(rows), len(labels)), MISSING, np.int8)
    values = {**dict.fromkeys(TRUE, YES), **dict.fromkeys(FALSE, NO), **dict.fromkeys(NOT_SCORED, LEFT_OUT)}
    for row, cells in enumerate(rows):
        if cells is not None:
            if len(cells) != len(labels):
                raise place.error(
                    row, f"column {name!r} holds {len(cells)} marks, `label_names` has {len(labels)} names"
                )
            marks[row] = [values[str(cell).lower()] for cell in cells]
    read = _from_marks(marks, labels)
    unsaid = np.array([cells is None for cells in rows], bool)
    return ReadLabels(read.lists, read.unscored, unsaid if unsaid.any() else None)


def _shown(row: Sequence[Any]) -> str:
    return f"[{', '.join(map(str, row[:6]))}{', …' * (len(row) > 6)}]"
