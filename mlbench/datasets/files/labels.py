"""Labels as users write them -> lists of names: lists, one separated string, or a column of 0 and 1 per label."""

from __future__ import annotations

import ast
import contextlib
import json
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mlbench.datasets.files.columns import Place, column_of, decoded, label_names
from mlbench.datasets.files.hints import setting
from mlbench.errors import DataError, nearest

JSON = "json"
"""The separator that says that a cell holds a list, as JSON or as Python writes it."""

_STRING = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
PYTHON_LIST = re.compile(rf"\[\s*(?:{_STRING}\s*(?:,\s*{_STRING}\s*)*)?\]")
"""A list of strings as pandas writes it into a CSV file. Two strings without a comma between them, as numpy writes
them, are none: to Python they are one string."""

SEPARATORS = (";", "|", ",", "\t")
"""What people divide labels by."""

TRUE, FALSE, NOT_SCORED = ("1", "1.0", "true"), ("0", "0.0", "false"), ("-1", "-1.0")


def require(table: pa.Table, name: str, key: str, place: Place) -> pa.ChunkedArray:
    """The column called `name`; `key` is the parameter that named it."""
    column = column_of(table, name)
    if column is None:
        names = table.column_names
        listed = [part.strip(" []\"'") for part in name.split(",")]
        if len(listed) > 1 and set(listed) & set(names):
            raise place.error(None, f"there is no column {name!r}; a list is written {setting(key, listed)}")
        meant = "".join(f"; did you mean {near!r}?" for near in nearest(name, names, 1)) or "."
        raise place.error(
            None,
            f"there is no column {name!r}{meant} Its columns are {', '.join(map(repr, names))}; "
            f"say which one by {setting(key)}",
        )
    return decoded(column)


def parse_labels(table: pa.Table, name: str, separator: str, place: Place) -> pa.Array:
    """The labels as `parse_lists` has them. Raises DataError where no row has one."""
    lists = parse_lists(table, name, "labels", separator, place)
    if not any(row.as_py() for row in lists):
        raise place.error(None, f"column {name!r} gives no label in any of {len(lists)} rows")
    return lists


def parse_lists(table: pa.Table, name: str, key: str, separator: str, place: Place) -> pa.Array:
    """One column of lists, or of strings that `separator` divides (spaces around names do not count; an empty
    or missing cell is a row without labels); `key` is the parameter that named it. An empty name is none."""
    column = require(table, name, key, place)
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        cells = column.to_pylist()
        if not separator:
            raise place.error(None, _ask_for_separator(cells, name, key))
        _refuse_lists(cells, separator, name, place)
        _refuse_other_separator(cells, separator, name, place)
        lists = [_divide(cell, separator, row, name, place) for row, cell in enumerate(cells)]
        return pa.array(lists, pa.large_list(pa.large_string()))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        raise place.error(
            None,
            f"column {name!r} holds {kind} numbers; {_list_of_columns(name, key)} (or, where the numbers name "
            "classes, write them as strings)",
        )
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    if lists and pa.types.is_string(kind.value_type) and "" in label_names(column):
        named = [
            None if row is None else [label for label in row if label != ""] for row in column.to_pylist()
        ]
        return pa.array(named, kind)
    return column


def _ask_for_separator(cells: Sequence[str | None], name: str, key: str) -> str:
    """What to say where nobody said what divides the labels in a cell."""
    present = [cell.strip() for cell in cells if cell and cell.strip()]
    example = next(iter(present), "")
    if present and {cell.lower() for cell in present} <= {*TRUE, *FALSE, *NOT_SCORED}:
        return f"column {name!r} holds {example!r} and the like; {_list_of_columns(name, key)}"
    if example and _read_list(example) is not None:
        return f"column {name!r} holds lists such as {example!r:.60}; say so by {setting('separator', JSON)}"
    return (
        f"column {name!r} holds strings such as {example!r:.60}; say what divides the labels, "
        f'for example {setting("separator", ";")} (or "json" where a cell is a JSON list)'
    )


def _list_of_columns(name: str, key: str) -> str:
    return f"where each label has a 0/1 column of its own, list them: {setting(key, [name], more=True)}"


def _refuse_lists(cells: Sequence[str | None], separator: str, name: str, place: Place) -> None:
    """Raise where every cell is a list, and would be divided with its brackets and quotes in the names."""
    present = [cell.strip() for cell in cells if cell and cell.strip()]
    lists = all(cell.startswith("[") and cell.endswith("]") for cell in present)
    if separator != JSON and present and lists and _read_list(present[0]) is not None:
        raise place.error(
            None,
            f"column {name!r} holds lists such as {present[0]!r:.60}, which {separator!r} does not divide; "
            f"say {setting('separator', JSON)}",
        )


def _read_list(cell: str) -> list[object] | None:
    """The list that a cell holds; None where it is none."""
    for read in (json.loads, _read_python_list):
        with contextlib.suppress(ValueError, SyntaxError, RecursionError):
            values = read(cell)
            return values if isinstance(values, list) else None
    return None


def _read_python_list(cell: str) -> object:
    return ast.literal_eval(cell.strip()) if PYTHON_LIST.fullmatch(cell.strip()) else None


def _refuse_other_separator(cells: Sequence[str | None], separator: str, name: str, place: Place) -> None:
    """Raise where `separator` is in no cell and another one is that leaves no more labels than there are unlike cells:
    names with a comma in them are divided into more."""
    unlike = dict.fromkeys(cell.strip() for cell in cells if cell and cell.strip())
    if separator == JSON or any(separator in cell for cell in unlike):
        return
    for other in SEPARATORS:
        example = next((cell for cell in unlike if other in cell), None)
        if example is None:
            continue
        parts = {part.strip() for cell in unlike for part in cell.split(other)}
        if len(parts) <= len(unlike):
            raise place.error(
                None,
                f"separator {separator!r} occurs in no cell of column {name!r}, but {other!r} does, as in "
                f'{example!r:.60}; say {setting("separator", other)} (or write JSON lists, with "json", where '
                f"{other!r} is part of a name)",
            )


def _divide(cell: str | None, separator: str, row: int, name: str, place: Place) -> list[str]:
    if cell is None or not cell.strip():
        return []
    if separator == JSON:
        values = _read_list(cell)
        if values is None:
            raise place.error(
                row, f'column {name!r}: {cell!r:.60} is not a JSON list; write it like ["one", "two"]'
            )
        for value in values:
            if not isinstance(value, str | int | float):
                raise place.error(
                    row,
                    f"column {name!r}: {cell!r:.60} lists {json.dumps(value):.20}, which names no label; "
                    "write the label's name or leave it out",
                )
        return [str(value) for value in values if value != ""]
    return [part.strip() for part in cell.split(separator) if part.strip()]


def parse_indicators(table: pa.Table, names: Sequence[str], place: Place) -> tuple[pa.Array, pa.Array | None]:
    """Columns of 0 and 1, one per label -> lists of names, and the lists of those marked −1: not scored."""
    if not names:
        raise DataError(f"{place.file}: `labels` is an empty list; name the label columns")
    marks = np.stack([_marks(require(table, name, "labels", place), name, place) for name in names], axis=1)
    if not (marks == 1).any():
        raise place.error(None, f"the columns {', '.join(names[:5])}… hold no 1 in any row")
    unscored = _lists(marks == -1, names) if (marks == -1).any() else None
    return _lists(marks == 1, names), unscored


def _marks(column: pa.ChunkedArray, name: str, place: Place) -> npt.NDArray[np.int8]:
    """1, 0 or −1 for every row."""
    text = np.array([str(value).strip().lower() for value in column.to_pylist()])
    marks = np.full(len(text), 2, np.int8)
    for values, mark in ((TRUE, 1), (FALSE, 0), (NOT_SCORED, -1)):
        marks[np.isin(text, values)] = mark
    if (marks == 2).any():
        row = int((marks == 2).argmax())
        found = column[row].as_py()
        raise place.error(row, f"column {name!r} holds {found!r:.40}; use 0, 1, or −1 for not scored")
    return marks


def _lists(chosen: npt.NDArray[np.bool_], names: Sequence[str]) -> pa.Array:
    rows, columns = np.nonzero(chosen)
    offsets = np.searchsorted(rows, np.arange(len(chosen) + 1)).astype(np.int64)
    values = pa.array(np.array(names, dtype=object)[columns], pa.large_string())
    return pa.LargeListArray.from_arrays(pa.array(offsets), values)
