"""Rows of whose labels nothing is said: an empty cell, a null, a missing key. Not the same as a row without labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mlbench.datasets.files.assemble import Part
from mlbench.datasets.files.hints import setting
from mlbench.datasets.files.marks import name_lists

Missing = Literal["", "negative", "unknown", "drop", "error"]
"""What becomes of them; empty: `negative` where they are few, else an error that asks."""

FEW = 0.01
"""The share of rows up to which nobody is asked."""
NAMED = 5


@dataclass(frozen=True)
class Renamed:
    """A table in the format's columns. missing: bool [N], or [N, L] where each of `names` has a column of marks."""

    part: Part
    missing: npt.NDArray[np.bool_] | None
    names: tuple[str, ...] = ()


def settle_missing(
    renamed: Mapping[str, Renamed], wanted: Missing, column: str
) -> tuple[dict[str, Part], list[str]]:
    """The tables with what is missing treated as `wanted`, and a sentence that counts and names it.

    Raises DataError that names the first rows where `wanted` is "error", or is not said and they are many.
    """
    rows = {split: _rows(each) for split, each in renamed.items()}
    count = sum(len(found) for found in rows.values())
    total = sum(each.part.table.num_rows for each in renamed.values())
    if not count:
        return {split: each.part for split, each in renamed.items()}, []
    split = next(split for split, found in rows.items() if len(found))
    place = renamed[split].part.place
    named = _name_rows(renamed, rows, count)
    if wanted == "error" or (not wanted and count > FEW * total):
        also = f", nor in {count - 1:,} more of {total:,} rows" if count > 1 else ""
        others = " or ".join(setting("missing", value) for value in ("unknown", "drop"))
        raise place.error(
            int(rows[split][0]),
            f"{column}: nothing stands there{also}; fill it in, or say what that means: "
            f"{setting('missing', 'negative')} (no label), {others}",
        )
    means = {"unknown": "not scored, and unknown in training", "drop": "left out"}.get(
        wanted, "taken as rows without labels"
    )
    settled = {split: _settle(each, rows[split], wanted) for split, each in renamed.items()}
    return settled, [f"labels missing in {count:,} of {total:,} rows ({named}): {means}"]


def _rows(renamed: Renamed) -> npt.NDArray[np.int64]:
    missing = renamed.missing
    if missing is None:
        return np.zeros(0, np.int64)
    return np.flatnonzero(missing if missing.ndim == 1 else missing.any(axis=1))


def _name_rows(renamed: Mapping[str, Renamed], rows: Mapping[str, npt.NDArray[np.int64]], count: int) -> str:
    named = [
        renamed[split].part.place.row_name(int(row)) for split, found in rows.items() for row in found[:NAMED]
    ][:NAMED]
    return ", ".join(named) + (", …" if count > len(named) else "")


def _settle(renamed: Renamed, rows: npt.NDArray[np.int64], wanted: Missing) -> Part:
    part, missing = renamed.part, renamed.missing
    if missing is None or not len(rows):
        return part
    if wanted == "drop":
        kept = np.setdiff1d(np.arange(part.table.num_rows), rows)
        return part.take(kept)
    if wanted == "unknown" and missing.ndim == 1:
        return replace(part, unknown=missing)
    if wanted == "unknown":
        return replace(part, table=_add_unscored(part.table, name_lists(missing, renamed.names)))
    return part


def _add_unscored(table: pa.Table, lists: pa.Array) -> pa.Table:
    """The table with these names in `unscored` beside those that are there."""
    if "unscored" not in table.column_names:
        return table.append_column("unscored", lists)
    both = [
        [*(before or ()), *after]
        for before, after in zip(table.column("unscored").to_pylist(), lists.to_pylist(), strict=True)
    ]
    place = table.column_names.index("unscored")
    return table.set_column(place, "unscored", pa.array(both, pa.large_list(pa.large_string())))
