"""What a trial of a tuned loss drew, and the suite's own values in its place: both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

MARK = "cell/trial/"
NUMBER = f"{MARK}number"
UNTUNED = f"{MARK}untuned"
SPARED = f"{MARK}spared"
DRAWN = "drawn"
"""The column with what a cell drew, as (column, value) pairs; the columns themselves hold the suite's own values, by
which the tuned loss is known."""
HIDDEN = [
    UNTUNED,
    SPARED,
    f"{MARK}edges",
    f"{MARK}seeds",
    f"{MARK}sequence",
    f"{MARK}fraction",
    f"{MARK}final",
    DRAWN,
]
"""Columns that say nothing to a reader of a cell."""


def as_trained(cells: pd.DataFrame) -> pd.DataFrame:
    """With the values that were drawn in place of the suite's own."""
    if DRAWN not in cells.columns:
        return cells
    columns: dict[str, list[object]] = {}
    for row, pairs in enumerate(cells[DRAWN]):
        for name, value in pairs if isinstance(pairs, list) else ():
            columns.setdefault(name, cells[name].tolist())[row] = value
    return cells.assign(**_typed(columns, cells.index))


def as_the_suite_has_it(cells: pd.DataFrame) -> pd.DataFrame:
    """With the suite's own values in place of those drawn, which stand in DRAWN, and of what a trial was spared."""
    columns: dict[str, list[object]] = {}

    def put_back(row: int, pairs: object) -> list[tuple[str, object]]:
        found = []
        for path, value in pairs if isinstance(pairs, list) else ():
            name = "encoder" if path == "encoder" else f"cell/{path}"
            values = columns.setdefault(name, cells[name].tolist() if name in cells else [None] * len(cells))
            # A column of numbers has NaN for None, which records do not know.
            was = values[row]
            found.append((name, None if isinstance(was, float) and np.isnan(was) else was))
            values[row] = value
        return found

    drawn = [put_back(row, pairs) for row, pairs in enumerate(cells[UNTUNED])]
    for row, pairs in enumerate(cells.get(SPARED, ())):
        put_back(row, pairs)
    return cells.assign(**_typed(columns, cells.index), **{DRAWN: pd.Series(drawn, index=cells.index)})


def _typed(columns: Mapping[str, list[object]], index: pd.Index[Any]) -> dict[str, pd.Series[Any]]:
    return {name: pd.Series(values, index=index).infer_objects() for name, values in columns.items()}
