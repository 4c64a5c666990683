"""The input of a user's table from several columns: texts in one, numbers as a vector."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from mlbench.datasets.files.arrow_types import is_text
from mlbench.datasets.files.columns import Place
from mlbench.datasets.files.hints import setting


def join_texts(columns: Sequence[pa.ChunkedArray]) -> pa.Array:
    """The texts of several columns under each other; what is empty or missing is left out."""
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    return pa.array(
        ["\n".join(str(text) for text in row if text not in (None, "")) for row in rows], pa.large_string()
    )


def stack_numbers(columns: Sequence[pa.ChunkedArray], names: Sequence[str], place: Place) -> pa.Array:
    """Columns of numbers as one column of vectors."""
    found = []
    for name, column in zip(names, columns, strict=True):
        try:
            found.append(_to_float32(column).to_pylist())
        except pa.ArrowException:
            row = next(row for row, value in enumerate(column) if not _is_number(value))
            raise place.error(
                row,
                f"column {name!r} holds what is not a number: {column[row].as_py()!r:.40}; correct it, fill it "
                "in, or drop the row",
            ) from None
    return pa.array([list(row) for row in zip(*found, strict=True)], pa.list_(pa.float32()))


def _to_float32(column: pa.ChunkedArray | pa.Scalar) -> pa.ChunkedArray | pa.Scalar:
    """Whole numbers beyond 2^24 are rounded, as other numbers are; text that is no number raises."""
    whole = pa.types.is_integer(column.type) or pa.types.is_decimal(column.type)
    return column.cast(pa.float64(), safe=False).cast(pa.float32()) if whole else column.cast(pa.float32())


def _is_number(value: pa.Scalar) -> bool:
    try:
        _to_float32(value)
    except pa.ArrowException:
        return False
    return True


def refuse_no_lists(column: pa.ChunkedArray, name: str, place: Place) -> None:
    """Raise where the one column of the vectors holds no vectors."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or is_text(kind):
        example = next((cell for cell in column.to_pylist() if cell not in (None, "")), "")
        raise place.error(
            None,
            f"column {name!r} holds {example!r:.40} and the like where lists of numbers are needed; columns of "
            f"one number each are listed: {setting('features', [name], more=True)}; lists can be stored as Parquet or "
            "JSON lines",
        )
