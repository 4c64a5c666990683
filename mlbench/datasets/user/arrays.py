"""A NumPy archive of a user's own: vectors, labels as marks, names of labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mlbench.datasets.base import SPLITS, split_called
from mlbench.datasets.public.archives import BROKEN
from mlbench.errors import DataError

LONG_NAMES = {"x": "features", "y": "labels"}


def read_arrays(file: Path) -> tuple[pa.Table, dict[str, list[str]]]:
    """The arrays of an .npz file as columns, a row each, and the names of labels that it lists.

    Arrays whose names end in a split (`x_train`, `y_test`) are put under each other, with a column `split`; `x` and `y`
    are `features` and `labels`. One array of strings, as long as a row of labels, is their names. Raises DataError for
    pickled objects, which can run code, and for arrays that are not as long as the others.
    """
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (*BROKEN, ValueError, KeyError, TypeError) as error:
        reason = str(error).split("\n", 1)[0][:100]
        raise DataError(
            f"{file}: not an archive of plain arrays ({reason}); save numbers and strings, not objects, by "
            "`numpy.savez(file, features=…, labels=…)`"
        ) from None
    named = {name: array for name, array in arrays.items() if array.ndim == 1 and array.dtype.kind in "US"}
    parts: dict[str, dict[str, npt.NDArray[Any]]] = {}
    for name, array in arrays.items():
        stem, split = _split_of(name)
        parts.setdefault(split, {})[LONG_NAMES.get(stem.lower(), stem)] = array
    widths = {array.shape[1] for part in parts.values() for array in part.values() if array.ndim == 2}
    lengths = {split: _length(part) for split, part in parts.items()}
    labels = [
        name
        for name, array in named.items()
        if len(array) in widths and len(array) != lengths[_split_of(name)[1]]
    ]
    if len(parts) > 1 and "" in parts and set(parts[""]) <= set(labels):
        del parts[""]
    tables = [_table(file, split, part, lengths[split], labels) for split, part in parts.items()]
    try:
        table = pa.concat_tables(tables)
    except pa.ArrowException:
        raise DataError(f"{file}: its splits hold different arrays: {', '.join(arrays)}") from None
    return table, {"labels": [str(name) for name in named[labels[0]]]} if len(labels) == 1 else {}


def _split_of(name: str) -> tuple[str, str]:
    stem, _, end = name.rpartition("_")
    split = split_called(end)
    return (stem, split) if stem and split in SPLITS else (name, "")


def _length(part: dict[str, npt.NDArray[Any]]) -> int:
    """That of the matrices, or of the longest array."""
    matrices = [len(array) for array in part.values() if array.ndim == 2]
    return max(matrices or [len(array) for array in part.values() if array.ndim])


def _table(
    file: Path, split: str, part: dict[str, npt.NDArray[Any]], length: int, labels: list[str]
) -> pa.Table:
    columns: dict[str, Any] = {}
    for name, array in part.items():
        if name in labels:
            continue
        if array.ndim not in (1, 2) or len(array) != length:
            raise DataError(
                f"{file}: array {name!r} has the shape {array.shape} where {length} rows are needed, of one or two "
                "dimensions"
            )
        columns[name] = pa.array(array.tolist() if array.ndim == 2 else array)
    if split:
        columns["split"] = [split] * length
    return pa.table(columns)
