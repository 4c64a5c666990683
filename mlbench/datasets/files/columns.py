"""Columns of a table -> inputs, label matrix and ids; every complaint names the file and the row.

Rows are counted from 0 in the order of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mlbench.datasets.files.arrow_types import is_text, plain
from mlbench.datasets.files.hints import setting
from mlbench.errors import DataError, did_you_mean


@dataclass(frozen=True)
class Place:
    """Where a table came from, for error messages: its file, how the file calls a row, which split of the file it
    is where that has several, what the file calls the format's columns where it has names of its own, the errors of
    columns that cannot be used, and the names of the classes whose numbers a column holds."""

    file: str
    row_name: Callable[[int], str] = lambda row: f"row {row}"
    split: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    broken: Mapping[str, DataError] = field(default_factory=dict)
    classes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def holds(self, table: pa.Table, column: str) -> bool:
        """Whether the file has a column, one that cannot be used too: that is no column that is not there."""
        return column in table.column_names or column in self.broken

    def called(self, column: str) -> str:
        """What the file calls a column of the format."""
        return self.names.get(column, column)

    def error(self, row: int | None, problem: str) -> DataError:
        """A DataError that starts with the file and, where there is one, the row."""
        part = f"split {self.split}" if self.split else ""
        where = part if row is None else self.row_name(row)
        return DataError(f"{self.file}, {where}: {problem}" if where else f"{self.file}: {problem}")


def read_texts(column: pa.ChunkedArray, name: str, place: Place) -> list[str]:
    """Texts, none missing."""
    if not is_text(column.type):
        raise place.error(None, f"column {name!r} must hold strings, not {column.type}")
    _refuse_nulls(column, name, place, 'a text is missing (None); write "" or drop the row')
    texts: list[str] = column.to_pylist()
    return texts


def read_images(column: pa.ChunkedArray, name: str, place: Place) -> list[bytes]:
    """Encoded images, given as bytes or as the Hugging Face Image struct {bytes, path}."""
    if pa.types.is_struct(column.type):
        names = [field.name for field in column.type]
        if "bytes" not in names:
            raise place.error(None, f"column {name!r} is a struct without a field 'bytes': {column.type}")
        _refuse_nulls(column, name, place, "the image is missing (None); drop the row")
        column = pc.struct_field(column, "bytes")
    if not (pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type)):
        raise place.error(None, f"column {name!r} must hold encoded images (binary), not {column.type}")
    remedy = "the image has no bytes; store the encoded file itself, not only its path"
    _refuse_nulls(column, name, place, remedy)
    images: list[bytes] = column.to_pylist()
    return images


def read_features(column: pa.ChunkedArray, name: str, place: Place) -> npt.NDArray[np.float32]:
    """Vectors of one length, all finite; float32 [N, D]."""
    kind = column.type
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    numbers = lists and (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type))
    if not numbers:
        raise place.error(None, f"column {name!r} must hold lists of numbers, not {kind}")
    _refuse_nulls(column, name, place, "the vector is missing (None); drop the row")
    lengths = pc.list_value_length(column).to_numpy()
    if len(lengths) and (lengths != lengths[0]).any():
        row = int((lengths != lengths[0]).argmax())
        raise place.error(
            row,
            f"{lengths[row]} numbers in {name!r} where row 0 has {lengths[0]}; all vectors must be as long",
        )
    width = int(lengths[0]) if len(lengths) else 0
    # Whole numbers beyond 2^24 are rounded, as other numbers are.
    flat = pc.list_flatten(column).cast(pa.float32(), safe=False).to_numpy()
    vectors: npt.NDArray[np.float32] = np.ascontiguousarray(
        flat.reshape(len(column), width), dtype=np.float32
    )
    if width == 0:
        raise place.error(None, f"the vectors in {name!r} are empty")
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        row = int((~finite).argmax())
        raise place.error(
            row, f"a number in {name!r} is missing, NaN or infinite; fill it in or drop the row"
        )
    return vectors


def read_label_lists(column: pa.ChunkedArray, name: str, place: Place) -> pa.ChunkedArray:
    """Lists of label names; a missing list is a row without labels. Whole numbers become strings."""
    kind = column.type
    if pa.types.is_null(kind):
        return pa.chunked_array([pa.array([[]] * len(column), pa.list_(pa.string()))])
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind)):
        problem = f"column {name!r} must hold lists of strings, not {kind}"
        if is_text(kind):
            problem += f"; labels in one string are read with {setting('path')} and {setting('separator')}"
        raise place.error(None, problem)
    inner = kind.value_type
    strings = is_text(inner)
    if not (strings or pa.types.is_integer(inner) or pa.types.is_null(inner)):
        raise place.error(None, f"column {name!r} must hold lists of strings, not {kind}")
    return column.cast(pa.large_list(pa.large_string()))


def label_names(lists: pa.ChunkedArray) -> set[str]:
    """Every name that occurs."""
    return set(pc.unique(pc.list_flatten(lists)).to_pylist()) - {None}


def label_matrix(
    lists: pa.ChunkedArray, vocabulary: Sequence[str], name: str, place: Place
) -> npt.NDArray[np.uint8]:
    """uint8 [N, L]: 1 where the row's list names the label. Raises for a name outside `vocabulary`."""
    rows = pc.list_parent_indices(lists).to_numpy()
    flat = pc.list_flatten(lists)
    if flat.null_count:
        missing = int(flat.is_null().to_numpy().argmax())
        raise place.error(int(rows[missing]), f"column {name!r} lists a label that is missing (None)")
    index = pc.index_in(flat, value_set=pa.array(vocabulary, flat.type))
    if index.null_count:
        unknown = int(index.is_null().to_numpy().argmax())
        label = flat[unknown].as_py()
        meant = did_you_mean(label, vocabulary)
        raise place.error(
            int(rows[unknown]),
            f"label {label!r} in {name!r} is not in the vocabulary of {len(vocabulary)} labels"
            f"{meant}{'' if meant.endswith('?') else '.'} Correct the row or add the label to `labels` in dataset.toml",
        )
    matrix = np.zeros((len(lists), len(vocabulary)), np.uint8)
    matrix[rows, index.to_numpy()] = 1
    return matrix


def read_ids(column: pa.ChunkedArray | None, count: int, name: str, place: Place) -> list[str]:
    """The ids as strings, unique; the row's number where there is no such column."""
    if column is None:
        return [str(row) for row in range(count)]
    _refuse_nulls(column, name, place, "the id is missing (None); fill it in or drop the column")
    ids = [str(value) for value in column.to_pylist()]
    first: dict[str, int] = {}
    for row, value in enumerate(ids):
        if first.setdefault(value, row) != row:
            raise place.error(
                row,
                f"column {name!r}: id {value!r} is already that of {place.row_name(first[value])}; ids must be "
                f"unique in a split; where it holds something else, say {setting('ids', 'none')}",
            )
    return ids


def _refuse_nulls(column: pa.ChunkedArray, name: str, place: Place, problem: str) -> None:
    if column.null_count:
        row = int(np.asarray(column.is_null().to_pylist()).argmax())
        raise place.error(row, f"column {name!r}: {problem}")


def column_of(table: pa.Table, name: str) -> Any:
    """The column in its plain type, or None where the table has none of that name."""
    return plain(table.column(name)) if name in table.column_names else None
