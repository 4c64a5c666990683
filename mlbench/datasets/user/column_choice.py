"""Which columns of a user's table are the input, the labels and the ids -> the folder format's columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mlbench.datasets.cards import Modality
from mlbench.datasets.files.arrow_types import is_text
from mlbench.datasets.files.assemble import Part
from mlbench.datasets.files.columns import Place
from mlbench.datasets.files.hints import setting
from mlbench.datasets.files.label_questions import listed_names, require
from mlbench.datasets.files.labels import parse_labels, parse_lists
from mlbench.datasets.files.marks import parse_indicators
from mlbench.datasets.files.writing_of_labels import LabelWriting
from mlbench.datasets.user.input_columns import join_texts, refuse_no_lists, stack_numbers
from mlbench.datasets.user.missing import FEW, Renamed

SPLIT = "split"
"""The column that says each row's split, unless the user names another."""

UNSCORED = "unscored"
"""The column that names the labels not to be scored on a row, unless the user names another."""

NO_IDS = "none"
"""The name that says that no column holds ids, though one is called `id`."""
IMAGE_NAMES = ("image", "file_name", "filename", "file")


@dataclass(frozen=True)
class ColumnChoice:
    """Which column is what; an empty name means the format's own."""

    text: str | list[str]
    image: str
    features: str | list[str]
    labels: str | list[str]
    ids: str
    unscored: str
    split: str
    writing: LabelWriting = field(default_factory=LabelWriting)

    @property
    def modality(self) -> Modality | None:
        """What the user said the input is; None where nothing is said."""
        return "text" if self.text else "image" if self.image else "features" if self.features else None

    @property
    def vocabulary(self) -> list[str] | None:
        """The labels where each has a column or a name of its own, in the order that labels found in rows would
        have."""
        if isinstance(self.labels, list):
            return sorted(set(self.labels))
        return sorted(set(self.writing.label_names)) or None

    @property
    def called(self) -> str:
        """The labels' column, or the first of them, for an error."""
        if isinstance(self.labels, str):
            return f"column {self.labels!r}"
        return f"columns {', '.join(map(repr, self.labels[:3]))}{', …' * (len(self.labels) > 3)}"

    def expand(self, part: Part) -> ColumnChoice:
        """The choice with patterns such as `is_*` replaced by the columns of `part` that they name."""
        place, names = part.place, [*part.table.column_names, *part.place.broken]
        if self.labels == [] or self.features == []:
            raise place.error(None, "`labels` is an empty list; name the label columns")
        labels = _expand(self.labels, names, "labels", place, ())
        taken = labels if isinstance(labels, list) else [labels]
        features = _expand(self.features, names, "features", place, taken)
        texts = self.text if isinstance(self.text, list) else [self.text]
        if labels and labels in texts:
            raise place.error(None, f"column {labels!r} is both the text and the labels; name two columns")
        return replace(self, labels=labels, features=features)

    def rename(self, part: Part) -> Renamed:
        """The table in the folder format's columns, and of which labels nothing is said."""
        table, place = part.table, part.place
        if table.num_rows == 0:
            raise place.error(None, "it has no rows")
        columns, remarks = self.pick_input(table, place), part.remarks
        text = columns.get("text")
        blank = text.null_count if text is not None and is_text(text.type) else 0
        if 0 < blank <= FEW * table.num_rows:
            columns["text"] = pc.fill_null(text, "")
            remarks = (
                *remarks,
                f"texts missing in {blank:,} of {table.num_rows:,} rows: taken as empty ones",
            )
        if isinstance(self.labels, list):
            marks = [require(table, name, "labels", place) for name in self.labels]
            read = parse_indicators(marks, self.labels, place)
        else:
            read = parse_labels(table, self.labels, self.writing, place)
        columns["labels"] = read.lists
        if read.unscored is not None:
            columns["unscored"] = read.unscored
        # Marks of −1 say it as well, and a label may be called like the column.
        taken = "unscored" in columns or UNSCORED in (self.vocabulary or ())
        free = place.holds(table, UNSCORED) and not taken
        if name := self.unscored or (UNSCORED if free else ""):
            columns["unscored"] = parse_lists(table, name, "unscored", self.writing, place).lists
        if self.ids and self.ids != NO_IDS:
            columns["id"] = require(table, self.ids, "ids", place)
        elif place.holds(table, "id") and self.ids != NO_IDS:
            columns["id"] = require(table, "id", "ids", place)
        names = tuple(self.labels) if isinstance(self.labels, list) else ()
        renamed = Part(pa.table(columns), replace(place, names=self._names(columns)), remarks=remarks)
        return Renamed(renamed, read.missing, names)

    def check(self, header: Part) -> None:
        """Raise DataError for a column that is named here and not there; `header` is a table without rows."""
        table, place = header.table, header.place
        choice = self.expand(header)
        choice.pick_input(table, place)
        for name in choice.labels if isinstance(choice.labels, list) else [choice.labels]:
            require(table, name, "labels", place)
        for key, name in (("unscored", self.unscored), ("ids", self.ids)):
            if name and not (key == "ids" and name == NO_IDS):
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
            columns = [require(table, name, "features", place) for name in self.features]
            return {"features": stack_numbers(columns, self.features, place)}
        if isinstance(self.text, list):
            return {"text": join_texts([require(table, name, "text", place) for name in self.text])}
        for modality, name in (("text", self.text), ("image", self.image), ("features", self.features)):
            if name:
                column = require(table, name, modality, place)
                if modality == "features":
                    refuse_no_lists(column, name, place)
                return {modality: column}
        there = {*table.column_names, *place.broken}
        present = [name for name in ("text", "features", *IMAGE_NAMES) if name in there]
        if not present:
            raise place.error(
                None,
                f"which column is the input? Say {setting('text')}, {setting('image')} or {setting('features')}; "
                f"there are {listed_names(table.column_names)}",
            )
        kind = "image" if present[0] in IMAGE_NAMES else present[0]
        return {kind: require(table, present[0], kind, place)}


def _expand(
    given: str | list[str], names: Sequence[str], key: str, place: Place, taken: Sequence[str]
) -> str | list[str]:
    """`given` with its patterns replaced by the names that they fit, in their order; a column that is called so stays
    what it is."""
    if isinstance(given, str) and (given in names or not _is_pattern(given)):
        return given
    found: list[str] = []
    for name in [given] if isinstance(given, str) else given:
        if name in names or not _is_pattern(name):
            found.append(name)
            continue
        fitting = [other for other in names if fnmatchcase(other, name) and other not in (*taken, *found)]
        if not fitting:
            raise place.error(
                None, f"no column fits {name!r}; there are {listed_names(names)}; say which by {setting(key)}"
            )
        found += fitting
    return found


def _is_pattern(name: str) -> bool:
    return "*" in name or "?" in name
