"""Rows without labels, for a model that is trained: the input columns and ids of a file, or the images of a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from mlbench.datasets.base import Inputs
from mlbench.datasets.cards import Modality
from mlbench.datasets.files.assemble import Part
from mlbench.datasets.files.columns import Place, read_features, read_ids, read_images, read_texts
from mlbench.datasets.files.hints import setting
from mlbench.datasets.files.label_questions import require
from mlbench.datasets.user.column_choice import NO_IDS, ColumnChoice
from mlbench.datasets.user.image_files import find_images, load_images, names_images
from mlbench.datasets.user.tabular import SUFFIXES, Dialect, kind_of, read_table
from mlbench.errors import ConfigError, DataError, did_you_mean

KEYS = ("text", "image", "features", "ids", "images", "delimiter", "quote")
"""What may be said of the columns, as of a user's own data."""
INPUT_KEYS: tuple[Modality, ...] = ("text", "image", "features")


@dataclass(frozen=True, eq=False)
class NewRows:
    """Samples in their order: texts, encoded images, or vectors float32 [N, D]; `ids` are unique."""

    inputs: Inputs
    ids: list[str]


def read_new_rows(path: Path, modality: Modality, columns: Mapping[str, Any]) -> NewRows:
    """The rows of a table, or the images under a folder.

    columns: which column holds the samples of this modality and which the ids, as of own data (KEYS). Labels and other
    columns are not looked at. Raises ConfigError for a key that there is not, DataError for a file that cannot be read
    or a column or row that cannot be used.
    """
    for key in columns:
        if key not in KEYS:
            raise ConfigError(f"--column {key}=…: new rows have no such column{did_you_mean(key, KEYS)}")
    if path.is_dir():
        return _read_folder(path, modality)
    given = {key: columns.get(key, "") for key in (*INPUT_KEYS, "ids")}
    chosen = ColumnChoice(**given, labels="", unscored="", split="")
    part = read_table(path, Dialect(columns.get("delimiter", ""), columns.get("quote", '"')))
    if part.table.num_rows == 0:
        raise part.place.error(None, "it has no rows")
    found = chosen.expand(part).pick_input(part.table, part.place)
    if modality not in found:
        ((other, _),) = found.items()
        raise part.place.error(
            None,
            f"the model takes {modality}, and column {given[other] or other!r} is read as {other}; "
            f"say {setting(modality)}",
        )
    table = pa.table({modality: found[modality], **_id_column(part, chosen.ids)})
    return _rows_of(Part(table, part.place), modality, given[modality] or modality, columns.get("images", ""))


def _id_column(part: Part, named: str) -> dict[str, Any]:
    if named == NO_IDS:
        return {}
    if named or part.place.holds(part.table, "id"):
        return {"id": require(part.table, named or "id", "ids", part.place)}
    return {}


def _rows_of(part: Part, modality: Modality, name: str | list[str], images: str) -> NewRows:
    place, called = part.place, name if isinstance(name, str) else ", ".join(name)
    if names_images(part):
        part = load_images(part, Path(images).expanduser() if images else Path(place.file).parent)
    column = part.table.column(modality)
    read: dict[Modality, Any] = {"text": read_texts, "image": read_images, "features": read_features}
    ids = part.table.column("id") if "id" in part.table.column_names else None
    return NewRows(read[modality](column, called, place), read_ids(ids, part.table.num_rows, "id", place))


def _read_folder(folder: Path, modality: Modality) -> NewRows:
    tables = [file.name for file in sorted(folder.iterdir()) if kind_of(file) in SUFFIXES]
    if modality != "image":
        named = f"; name one of {', '.join(tables)}" if tables else ""
        raise DataError(f"{folder}: a folder, and the model takes {modality}: name a file{named}")
    files = find_images(folder)
    if not files:
        raise DataError(f"{folder}: it holds no images")
    place = Place(str(folder))
    encoded = pa.chunked_array([pa.array([file.read_bytes() for file in files], pa.large_binary())])
    return NewRows(read_images(encoded, "image", place), [str(file.relative_to(folder)) for file in files])
