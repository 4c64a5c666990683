"""A dataset that nobody registered: a folder of the data root, by its name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from mlbench.datasets.base import SPLITS, Dataset
from mlbench.datasets.cards import Card, read_folder_card
from mlbench.datasets.files.folder import read_folder
from mlbench.datasets.source import NamedSource, Request
from mlbench.errors import DataError


class FolderSource(NamedSource):
    """Reads a folder as a registered dataset's is read: registering it later changes none of its records."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def card(self) -> Card:
        """That of its `dataset.toml`, with the sizes of its files where all splits have one."""
        beside = read_folder_card(self.place)
        if beside is None:
            raise DataError(f"{self.place / 'dataset.toml'}: no such file, and it is the dataset's card")
        said = beside.card
        family = self.place.name if said.family == said.name else said.family
        return replace(
            said,
            name=self.place.name,
            family=family,
            sizes=_sizes(self.place),
            access="by hand",
            confirmed=True,
        )

    def folder(self, request: Request) -> Path:
        return self.place

    def read(self, request: Request) -> Dataset:
        return read_folder(self.place, request.name, self.card())


def _sizes(folder: Path) -> dict[str, int]:
    """Rows of each split; empty where one is cut from another or a file cannot be read."""
    files = {split: folder / f"{split}.parquet" for split in SPLITS}
    try:
        return {split: pq.read_metadata(file).num_rows for split, file in files.items()}
    except (OSError, pa.ArrowException):
        return {}
