"""Labels in Arrow's lists: of names, of objects, of class numbers, of marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from mlbench.datasets.files.arrow_types import is_text
from mlbench.datasets.files.columns import Place, label_names
from mlbench.datasets.files.label_questions import listed_names
from mlbench.datasets.files.marks import (
    ReadLabels,
    are_multi_hot,
    as_labels,
    only_marks,
    parse_multi_hot,
)
from mlbench.datasets.files.writing_of_labels import LabelWriting

NAME_FIELDS = ("name", "label", "title", "tag", "text", "value")
"""The field of a label object that holds its name."""


def is_number(kind: pa.DataType) -> bool:
    """Whether Arrow's type is one of numbers, or of truth values."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def read_arrow_lists(column: pa.ChunkedArray, name: str, writing: LabelWriting, place: Place) -> ReadLabels:
    """The labels of lists of names, objects, marks or class numbers."""
    inner = column.type.value_type
    if pa.types.is_struct(inner):
        return as_labels(_names_of_objects(column, name, place))
    if is_number(inner):
        rows = column.to_pylist()
        if are_multi_hot(rows):
            return parse_multi_hot(rows, writing.place_names, name, place)
        if writing.label_names:
            return named_classes(rows, name, writing, place)
    strings = is_text(inner)
    if strings and "" in label_names(column):
        column = pa.array(
            [None if row is None else [label for label in row if label != ""] for row in column.to_pylist()],
            column.type,
        )
    elif strings and only_marks(label_names(column)) and (are_multi_hot(rows := column.to_pylist())):
        return parse_multi_hot(rows, writing.place_names, name, place)
    missing = column.is_null().to_numpy(zero_copy_only=False) if column.null_count else None
    return ReadLabels(column, missing=missing)


def _names_of_objects(column: pa.ChunkedArray, name: str, place: Place) -> list[list[str] | None]:
    """Of lists of objects, such as {"id": 3, "name": "rude"}, the names."""
    kind = column.type.value_type
    strings = [field.name for field in kind if is_text(field.type)]
    chosen = next(
        (field for field in NAME_FIELDS if field in strings), strings[0] if len(strings) == 1 else None
    )
    if chosen is None:
        raise place.error(
            None,
            f"column {name!r} holds lists of objects with {listed_names([field.name for field in kind])}: none of "
            f"{', '.join(NAME_FIELDS)} names a label; write lists of names",
        )
    rows: list[list[str] | None] = []
    for row, cell in enumerate(column.to_pylist()):
        if cell is not None and any(item is None or not item[chosen] for item in cell):
            raise place.error(
                row, f"column {name!r}: a label's {chosen!r} is missing; write it or leave the label out"
            )
        rows.append(None if cell is None else [item[chosen] for item in cell])
    return rows


def are_classes(rows: Sequence[Sequence[Any] | None]) -> bool:
    """Whether lists hold whole numbers alone."""
    return all(isinstance(value, int) and not isinstance(value, bool) for row in rows for value in row or ())


def named_classes(
    rows: Sequence[Sequence[Any] | None], name: str, writing: LabelWriting, place: Place
) -> ReadLabels:
    """Lists of class numbers, counted from 0, as names."""
    names, named = writing.label_names, []
    for row, numbers in enumerate(rows):
        for number in numbers or ():
            if not (isinstance(number, int) and 0 <= number < len(names)):
                raise place.error(
                    row,
                    f"column {name!r} holds {number!r}, and there are names for the classes 0 to {len(names) - 1}",
                )
        named.append(None if numbers is None else [names[number] for number in numbers])
    return as_labels(named)
