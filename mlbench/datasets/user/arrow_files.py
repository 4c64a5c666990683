"""Files of Arrow's: Parquet, Feather, Arrow, and the folders that `Dataset.save_to_disk` writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

from mlbench.datasets.files.arrow_types import plain
from mlbench.datasets.files.marks import are_multi_hot
from mlbench.errors import DataError
from mlbench.plain_text import parse_json

ARROW = (".feather", ".arrow", ".ipc")
STATE = "state.json"
"""What `save_to_disk` leaves in every folder that holds one split."""
SPLITS_FILE = "dataset_dict.json"
"""What it leaves in the folder of several."""


def read_parquet(file: Path) -> pa.Table:
    """All columns. Raises DataError where the file is broken."""
    try:
        with pq.ParquetFile(file) as opened:
            return opened.read()
    except (pa.ArrowException, OSError) as error:
        raise _broken(file, "Parquet", error) from error


def read_arrow(file: Path) -> pa.Table:
    """A Feather file, or an Arrow file or stream."""
    try:
        with pa.memory_map(str(file)) as source:
            start = source.read(6)
            source.seek(0)
            if start == b"ARROW1":
                return pa.ipc.open_file(source).read_all()
            if start[:4] == b"FEA1":
                return pyarrow.feather.read_table(file)
            return pa.ipc.open_stream(source).read_all()
    except (pa.ArrowException, OSError) as error:
        raise _broken(file, "Arrow", error) from error


def _broken(file: Path, kind: str, error: Exception) -> DataError:
    reason = str(error).split("\n", 1)[0]
    return DataError(f"{file}: not a readable {kind} file ({reason}); write it again")


def is_saved(folder: Path) -> bool:
    """Whether `save_to_disk` wrote this folder, of one split."""
    return (folder / STATE).is_file()


def saved_splits(folder: Path) -> dict[str, Path]:
    """The folders of the splits that a DatasetDict was saved as."""
    file = folder / SPLITS_FILE
    try:
        return {
            str(split): folder / split for split in parse_json(file.read_text(encoding="utf-8"))["splits"]
        }
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def saved_files(folder: Path) -> list[Path]:
    """The files of a saved split, in their order. Raises DataError where its list of them is broken."""
    try:
        state = parse_json((folder / STATE).read_text(encoding="utf-8"))
        return [folder / each["filename"] for each in state["_data_files"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{folder / STATE}: it does not name the data files ({error}); save the dataset again"
        ) from None


def read_saved(folder: Path) -> pa.Table:
    """A saved split."""
    return pa.concat_tables([read_arrow(file) for file in saved_files(folder)])


def class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """The names of the classes whose numbers columns hold, as `datasets` writes them into a schema."""
    try:
        features = parse_json((schema.metadata or {})[b"huggingface"])["info"]["features"]
        found = {name: _names(feature) for name, feature in features.items()}
    except (KeyError, ValueError, TypeError, AttributeError):
        return {}
    return {name: names for name, names in found.items() if names}


def _names(feature: Any) -> list[str]:
    """Of a ClassLabel, or a list of such: {"feature": {…}, "_type": "List"}, in older files [{…}]."""
    inner = feature[0] if isinstance(feature, list) and feature else feature
    if isinstance(inner, Mapping) and isinstance(inner.get("feature"), Mapping):
        inner = inner["feature"]
    names = inner.get("names") if isinstance(inner, Mapping) and inner.get("_type") == "ClassLabel" else None
    return [str(name) for name in names or ()]


def name_classes(table: pa.Table) -> pa.Table:
    """The table in plain types, with class numbers replaced by their names, each cell a list of them; −1 is none."""
    names = class_names(table.schema)
    for place, name in enumerate(table.column_names):
        column = plain(table.column(name))
        if name in names and (named := _named(column, names[name])) is not None:
            column = named
        table = table.set_column(place, name, column)
    return table


def _named(column: pa.ChunkedArray, names: Sequence[str]) -> pa.ChunkedArray | None:
    """None where the numbers are none of these classes, or are marks in lists rather than numbers."""
    cells = column.to_pylist()
    rows = [cell if isinstance(cell, list) else None if cell in (None, -1) else [cell] for cell in cells]
    marks = any(isinstance(cell, list) for cell in cells) and are_multi_hot(rows)
    numbers = {number for row in rows for number in row or ()}
    if marks or not all(isinstance(number, int) and 0 <= number < len(names) for number in numbers):
        return None
    lists = [None if row is None else [names[number] for number in row] for row in rows]
    return pa.chunked_array([pa.array(lists, pa.list_(pa.string()))])
