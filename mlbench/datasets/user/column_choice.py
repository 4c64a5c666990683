"""Which columns of a user's table are the input, the labels and the ids -> the folder format's columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from mlbench.datasets.cards import Modality
from mlbench.datasets.files.assemble import Part
from mlbench.datasets.files.columns import Place, column_of
from mlbench.datasets.files.hints import setting
from mlbench.datasets.files.labels import parse_indicators, parse_labels, parse_lists, require

SPLIT = "split"
"""The column that says each row's split, unless the user names another."""

UNSCORED = "unscored"
"""The column that names the labels not to be scored on a row, unless the user names another."""
IMAGE_NAMES = ("image", "file_name", "filename", "file")


@dataclass(frozen=True)
class ColumnChoice:
    """Which column is what; an empty name means the format's own."""

    text: str
    image: str
    features: str | list[str]
    labels: str | list[str]
    separator: str
    ids: str
    unscored: str
    split: str

    @property
    def modality(self) -> Modality | None:
        """What the user said the input is; None where nothing is said."""
        return "text" if self.text else "image" if self.image else "features" if self.features else None

    @property
    def vocabulary(self) -> list[str] | None:
        """The labels where each has a column of its own, in the order that labels found in rows would have."""
        return sorted(set(self.labels)) if isinstance(self.labels, list) else None

    def rename(self, part: Part) -> Part:
        """The table in the folder format's columns."""
        table, place = part.table, part.place
        if table.num_rows == 0:
            raise place.error(None, "it has no rows")
        columns = self.pick_input(table, place)
        if isinstance(self.labels, list):
            columns["labels"], unscored = parse_indicators(table, self.labels, place)
            if unscored is not None:
                columns["unscored"] = unscored
        else:
            columns["labels"] = parse_labels(table, self.labels, self.separator, place)
        # Marks of −1 say it as well, and a label may be called like the column.
        taken = "unscored" in columns or UNSCORED in (self.vocabulary or ())
        free = UNSCORED in table.column_names and not taken
        if name := self.unscored or (UNSCORED if free else ""):
            columns["unscored"] = parse_lists(table, name, "unscored", self.separator, place)
        if self.ids:
            columns["id"] = require(table, self.ids, "ids", place)
        elif "id" in table.column_names:
            columns["id"] = table.column("id")
        return Part(pa.table(columns), replace(place, names=self._names(columns)))

    def check(self, header: Part) -> None:
        """Raise DataError for a column that is named here and not there; `header` is a table without rows."""
        table, place = header.table, header.place
        self.pick_input(table, place)
        for name in self.labels if isinstance(self.labels, list) else [self.labels]:
            require(table, name, "labels", place)
        for key, name in (("unscored", self.unscored), ("ids", self.ids)):
            if name:
                require(table, name, key, place)

    def check_split(self, part: Part) -> None:
        """Raise DataError where a column is named that says each row's split, and is not there."""
        if self.split not in ("", SPLIT):
            require(part.table, self.split, "split", part.place)

    def _names(self, columns: Iterable[str]) -> dict[str, str]:
        """What the user calls the format's columns."""
        given = {**vars(self), "id": self.ids}
        return {name: given[name] for name in columns if isinstance(given[name], str) and given[name]}

    def pick_input(self, table: pa.Table, place: Place) -> dict[str, Any]:
        """The column of the samples, by what the folder format calls it."""
        if isinstance(self.features, list):
            return {"features": _stack(table, self.features, place)}
        for modality, name in (("text", self.text), ("image", self.image), ("features", self.features)):
            if name:
                column = require(table, name, modality, place)
                if modality == "features":
                    _refuse_no_lists(column, name, place)
                return {modality: column}
        present = [name for name in ("text", "features", *IMAGE_NAMES) if column_of(table, name) is not None]
        if not present:
            names = ", ".join(map(repr, table.column_names))
            raise place.error(
                None,
                f"which column is the input? Say {setting('text')}, {setting('image')} or {setting('features')}; "
                f"there are {names}",
            )
        return {"image" if present[0] in IMAGE_NAMES else present[0]: table.column(present[0])}


def _stack(table: pa.Table, names: list[str], place: Place) -> pa.Array:
    """Columns of numbers as one column of vectors."""
    columns = []
    for name in names:
        column = require(table, name, "features", place)
        try:
            columns.append(column.cast(pa.float32()).to_pylist())
        except pa.ArrowException:
            row = next(row for row, value in enumerate(column) if not _is_number(value))
            raise place.error(
                row,
                f"column {name!r} holds what is not a number: {column[row].as_py()!r:.40}; correct it, fill it "
                "in, or drop the row",
            ) from None
    return pa.array([list(row) for row in zip(*columns, strict=True)], pa.list_(pa.float32()))


def _is_number(value: pa.Scalar) -> bool:
    try:
        value.cast(pa.float32())
    except pa.ArrowException:
        return False
    return True


def _refuse_no_lists(column: pa.ChunkedArray, name: str, place: Place) -> None:
    """Raise where the one column of the vectors holds no vectors."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_string(kind):
        example = next((cell for cell in column.to_pylist() if cell not in (None, "")), "")
        raise place.error(
            None,
            f"column {name!r} holds {example!r:.40} and the like where lists of numbers are needed; columns of "
            f"one number each are listed: {setting('features', [name], more=True)}; lists can be stored as Parquet or "
            "JSON lines",
        )
