"""Columns of Python's values -> Arrow, as far as Arrow takes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa

from mlbench.datasets.files.assemble import Part
from mlbench.datasets.files.columns import Place
from mlbench.errors import DataError


def to_table(columns: dict[str, list[Any]], place: Place) -> Part:
    """Columns as Arrow; one whose values are of several kinds, or no values of Arrow's, is kept as the error to raise
    where it is asked for."""
    arrays, broken = {}, {}
    for name, values in columns.items():
        try:
            arrays[name] = (
                pa.chunked_array([pa.array(values)]) if values else pa.chunked_array([], pa.string())
            )
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            broken[name] = _says_what_is_wrong(name, values, place, error)
    return Part(_table_of(arrays, columns), replace(place, broken=broken))


def _table_of(arrays: dict[str, pa.ChunkedArray], columns: dict[str, list[Any]]) -> pa.Table:
    """The table, of as many rows where no column could be read."""
    if arrays:
        return pa.table(arrays)
    return pa.table({"": pa.nulls(len(next(iter(columns.values()), [])))})


def _says_what_is_wrong(name: str, values: list[Any], place: Place, error: Exception) -> DataError:
    """Of a column that Arrow does not take: the row, and what stands there."""
    kind = type(next((value for value in values if value is not None), None))
    row = next((row for row, value in enumerate(values) if not isinstance(value, kind | None)), None)
    if row is None:
        row = next((row for row, value in enumerate(values) if not _fits(value, values)), None)
    if isinstance(error, UnicodeEncodeError):
        why = "half a character (a lone surrogate), which is no Unicode text; write it again or take it out"
    elif isinstance(error, OverflowError) or "too large" in str(error) or "out of range" in str(error):
        why = "a whole number of more than 64 bits; write it as text"
    else:
        why = str(error).split("\n", 1)[0][:120]
    return place.error(
        row,
        f"column {name!r} mixes kinds of values: {why}"
        if kind and not isinstance(error, UnicodeEncodeError | OverflowError)
        else f"column {name!r} holds {why}",
    )


def _fits(value: Any, values: list[Any]) -> bool:
    """Whether Arrow takes the value alone and beside the first."""
    try:
        pa.array([values[0], value])
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return False
    return True
