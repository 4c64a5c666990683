"""What each column of a table looks like: texts, names, numbers, marks, lists, images."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Literal

import pyarrow as pa

from mlbench.datasets.files.marks import CROSSES, FALSE, NOT_SCORED, TRUE, are_multi_hot

LOOKED_AT = 5_000
"""Rows that a column is judged by: the first ones."""

MARKS = frozenset({*TRUE, *FALSE, *NOT_SCORED})
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".pgm", ".ppm")

Kind = Literal[
    "nothing", "marks", "number", "string", "list", "written list", "vector", "list of marks", "image"
]


@dataclass(frozen=True)
class Column:
    """A column and its kind. `cells`: what it holds as text, blank cells left out; empty for lists and images."""

    name: str
    kind: Kind
    cells: tuple[str, ...] = ()

    @cached_property
    def words(self) -> float:
        """Words of a cell, the median."""
        return float(median(len(cell.split()) for cell in self.cells)) if self.cells else 0.0

    @cached_property
    def unlike(self) -> int:
        """How many different cells there are."""
        return len(set(self.cells))

    @property
    def is_0_1(self) -> bool:
        """Whether it holds marks that are numbers, which features may be too."""
        return self.kind == "marks" and all(map(_is_number, self.cells))

    @property
    def plain_name(self) -> str:
        """The name in small letters, without what divides its words."""
        return "".join(letter for letter in self.name.casefold() if letter.isalnum())


def profile(table: pa.Table) -> list[Column]:
    """Every column, judged by the first LOOKED_AT rows."""
    head = table.slice(0, LOOKED_AT)
    return [_column(name, head.column(name)) for name in head.column_names]


def _column(name: str, column: pa.ChunkedArray) -> Column:
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return Column(name, "image")
    if pa.types.is_struct(kind):
        # The image of a Hugging Face dataset, or an object with a mark for each label.
        return Column(name, "image" if kind.get_field_index("bytes") >= 0 else "list")
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        if not _holds_numbers(kind.value_type):
            return Column(name, "list")
        return Column(name, "list of marks" if are_multi_hot(column.to_pylist()) else "vector")
    cells = tuple(text for value in column.to_pylist() if value is not None and (text := str(value).strip()))
    return Column(name, _kind_of(cells), cells)


def _holds_numbers(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _kind_of(cells: tuple[str, ...]) -> Kind:
    """Of a column that holds text, or could."""
    if not cells:
        return "nothing"
    found = {cell.lower() for cell in cells}
    if found <= MARKS or found <= {*CROSSES}:
        return "marks"
    if all(map(_is_number, cells)):
        return "number"
    if all(cell.startswith("[") and cell.endswith("]") for cell in cells):
        if not all(map(_is_number, _parts(cells))):
            return "written list"
        return "list of marks" if are_multi_hot([_parts([cell]) for cell in cells]) else "vector"
    if all(cell.lower().endswith(IMAGE_SUFFIXES) for cell in cells):
        return "image"
    return "string"


def _parts(lists: Iterable[str]) -> list[str]:
    return [part.strip() for cell in lists for part in cell[1:-1].split(",") if part.strip()]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
