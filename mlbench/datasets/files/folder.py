"""The folder format: `<name>/{train,validation,test}.parquet`, with `dataset.toml` as the card beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mlbench.datasets.base import SPLITS, Dataset, split_called
from mlbench.datasets.cards import MODALITIES, Card, read_folder_card
from mlbench.datasets.files.assemble import Part, assemble
from mlbench.datasets.files.columns import Place, column_of
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
    if name in part.place.broken:
        raise part.place.broken[name]
    if name not in part.table.column_names:
        return {"train": part}
    values = column_of(part.table, name).to_pylist()
    split_of = np.array([split_called(str(value)) for value in values])
    unknown = ~np.isin(split_of, SPLITS)
    if unknown.any():
        row = int(unknown.argmax())
        raise part.place.error(
            row,
            f"column {name!r} says {values[row]!r}; use {', '.join(SPLITS)}, or, if it says something else, "
            f"{setting('split', '')}",
        )
    written = _spellings(values, split_of, name, part)
    divided = {}
    for split in SPLITS:
        rows = np.flatnonzero(split_of == split)
        if len(rows):
            divided[split] = replace(part.take(rows, split), remarks=(*part.remarks, *written))
    if "train" not in divided:
        raise part.place.error(None, f"column {name!r} says train for no row; found: {', '.join(divided)}")
    return divided


def _spellings(
    values: Sequence[object], split_of: np.ndarray[tuple[int], np.dtype[np.str_]], name: str, part: Part
) -> list[str]:
    """A sentence on what the column's words were taken for, where they are not the splits' own. Raises DataError where
    two words are one split and no word is the test split: one of them may be meant to be."""
    words: dict[str, dict[str, int]] = {split: {} for split in SPLITS}
    for row, value in enumerate(values):
        words[split_of[row]].setdefault(str(value).strip().lower(), row)
    for split, rows in words.items():
        if len(rows) > 1 and not words["test"]:
            first, second = list(rows)[:2]
            raise part.place.error(
                rows[second],
                f"column {name!r} says {second!r} where other rows say {first!r}, both of which are the {split} split, "
                "and no row says test; write test for one of them, or one word for both",
            )
    other = {word: split for split, rows in words.items() for word in rows if word != split}
    told = ", ".join(f"{word!r} is {split}" for word, split in other.items())
    return [f"column {name!r}: {told}"] if told else []
