"""What to ask where nobody said how a column of labels is to be read."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from mlbench.datasets.files.columns import Place, column_of
from mlbench.datasets.files.hints import setting
from mlbench.datasets.files.list_cells import JSON, read_list
from mlbench.datasets.files.marks import FALSE, NOT_SCORED, TRUE
from mlbench.datasets.files.writing_of_labels import SEPARATORS, WHOLE
from mlbench.errors import nearest


def require(table: pa.Table, name: str, key: str, place: Place) -> pa.ChunkedArray:
    """The column called `name`; `key` is the parameter that named it."""
    if name in place.broken:
        raise place.broken[name]
    column = column_of(table, name)
    if column is None:
        names = table.column_names
        listed = [part.strip(" []\"'") for part in name.split(",")]
        if len(listed) > 1 and set(listed) & set(names):
            raise place.error(None, f"there is no column {name!r}; a list is written {setting(key, listed)}")
        near = [other for other in names if other.strip().casefold() == name.strip().casefold()]
        meant = "".join(f"; did you mean {near!r}?" for near in near[:1] or nearest(name, names, 1)) or "."
        raise place.error(
            None,
            f"there is no column {name!r}{meant} Its columns are {listed_names(names)}; "
            f"say which one by {setting(key)}",
        )
    return column


def listed_names(names: Sequence[str]) -> str:
    """The first of some names of columns, each cut where it is long."""
    shown = ", ".join(f"{name[:40]!r}" for name in names[:10])
    return f"{shown}, … ({len(names)} in all)" if len(names) > 10 else shown


def ask_for_separator(cells: Sequence[str | None], name: str, key: str) -> str:
    """What to say where nobody said what divides the labels in a cell."""
    present = [cell.strip() for cell in cells if cell]
    example = next(iter(present), "")
    if present and {cell.lower() for cell in present} <= {*TRUE, *FALSE, *NOT_SCORED}:
        return says_marks(cells, name, key)
    if example and read_list(example) is not None:
        return f"column {name!r} holds lists such as {example!r:.60}; say so by {setting('separator', JSON)}"
    there = next((mark for mark in SEPARATORS if any(mark in cell for cell in present)), ";")
    return (
        f"column {name!r} holds strings such as {example!r:.60}; say what divides the labels, "
        f'for example {setting("separator", there)} (or "json" where a cell is a JSON list, '
        '"none" where it is one label)'
    )


def says_marks(cells: Sequence[str | None], name: str, key: str) -> str:
    """What to say of a column of marks where the labels of one column were expected."""
    example = next(cell.strip() for cell in cells if cell)
    return f"column {name!r} holds {example!r} and the like; {list_of_columns(name, key)}"


def list_of_columns(name: str, key: str) -> str:
    """How columns of marks are named."""
    return f"where each label has a 0/1 column of its own, list them: {setting(key, [name], more=True)}"


def refuse_other_separator(cells: Sequence[str | None], separator: str, name: str, place: Place) -> None:
    """Raise where `separator` is in no cell and another one is that leaves no more labels than there are unlike cells:
    names with a comma in them are divided into more."""
    unlike = dict.fromkeys(cell.strip() for cell in cells if cell)
    if any(separator in cell for cell in unlike):
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
                f"{example!r:.60}; say {setting('separator', other)} ({setting('separator', WHOLE)} where each cell is "
                f"one label, with {other!r} in its name)",
            )
