"""The folder format: `<name>/{train,validation,test}.parquet`, with `dataset.toml` as the card beside them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mlbench.datasets.base import ALIASES, SPLITS, Dataset
from mlbench.datasets.cards import MODALITIES, Card, read_folder_card
from mlbench.datasets.files.assemble import Part, assemble
from mlbench.datasets.files.columns import Place, decoded
from mlbench.datasets.files.hints import setting
from mlbench.datasets.stored import LARGE_FILE, StoredImages
from mlbench.errors import DataError

COLUMNS = (*MODALITIES, "labels", "id", "unscored", "split")


def is_dataset_folder(folder: Path) -> bool:
    """Whether `folder` holds a dataset: a train split."""
    return (folder / "train.parquet").is_file()


def folder_files(folder: Path) -> list[Path]:
    """The files of `folder` that decide what the dataset is."""
    names = ("dataset.toml", *(f"{split}.parquet" for split in SPLITS))
    return [folder / name for name in names if (folder / name).is_file()]


def read_folder(folder: Path, name: str, card: Card | None = None) -> Dataset:
    """The dataset of a folder, shown as `name`. The vocabulary is that of `dataset.toml`, else the sorted
    union over the splits; `card` (of a named dataset) stands in for that of `dataset.toml`.

    Raises DataError where a file is broken or holds what the format does not allow.
    """
    beside = read_folder_card(folder)
    files = {split: folder / f"{split}.parquet" for split in SPLITS}
    parts = {split: read_part(file) for split, file in files.items() if file.is_file()}
    if set(parts) == {"train"}:
        parts = divide_by_split(parts["train"])
    shown = card or (replace(beside.card, name=name) if beside else None)
    return assemble(name, parts, card=shown, vocabulary=beside.vocabulary if beside else None)


def read_part(file: Path) -> Part:
    """One split's table; the images of a large file stay in it."""
    if file.stat().st_size < LARGE_FILE:
        return Part(read_parquet(file), Place(str(file)))
    table = read_parquet(file, without="image")
    stored = "image" in pq.read_schema(file).names
    return Part(table, Place(str(file)), StoredImages(file) if stored else None)


def read_parquet(file: Path, without: str = "") -> pa.Table:
    """The columns of a Parquet file that the format knows, but for `without`. Raises DataError where it cannot be
    read."""
    try:
        with pq.ParquetFile(file) as opened:
            return opened.read(
                columns=[name for name in opened.schema_arrow.names if name in COLUMNS and name != without]
            )
    except (pa.ArrowException, OSError) as error:
        reason = str(error).split("\n", 1)[0]
        raise DataError(f"{file}: not a readable Parquet file ({reason}); fetch or write it again") from error


def divide_by_split(part: Part, name: str = "split") -> dict[str, Part]:
    """The tables of a single file by its column `name` (train, validation, test); all train without one."""
    if name not in part.table.column_names:
        return {"train": part}
    values = decoded(part.table.column(name)).to_pylist()
    split_of = np.array(
        [ALIASES.get(str(value).strip().lower(), str(value).strip().lower()) for value in values]
    )
    unknown = ~np.isin(split_of, SPLITS)
    if unknown.any():
        row = int(unknown.argmax())
        raise part.place.error(
            row,
            f"column {name!r} says {values[row]!r}; use {', '.join(SPLITS)}, or, if it says something else, "
            f"{setting('split', '')}",
        )
    divided = {}
    for split in SPLITS:
        rows = np.flatnonzero(split_of == split)
        if len(rows):
            images = None if part.images is None else part.images.take(rows)
            divided[split] = Part(part.table.take(rows), _place_of_rows(part.place, rows, split), images)
    if "train" not in divided:
        raise part.place.error(None, f"column {name!r} says train for no row; found: {', '.join(divided)}")
    return divided


def _place_of_rows(place: Place, rows: np.ndarray[tuple[int], np.dtype[np.int64]], split: str) -> Place:
    """Rows of a divided table are still called by their number in the file."""
    return Place(place.file, lambda row: place.row_name(int(rows[row])), split)
