"""Encoded images that stay in their Parquet file: read a row group at a time, whatever the file's size."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

LARGE_FILE = 256 << 20
"""Bytes of a Parquet file from which on its images stay there."""


class StoredImages(Sequence[bytes]):
    """The images of `file`, or those of its `rows`; safe with several threads. The last row group read is kept,
    so that reading in order reads each group once."""

    def __init__(self, file: Path, rows: npt.NDArray[np.int64] | None = None) -> None:
        self.file = file
        with pq.ParquetFile(file) as opened:
            sizes = [opened.metadata.row_group(group).num_rows for group in range(opened.num_row_groups)]
        self._starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self._rows = np.arange(self._starts[-1]) if rows is None else rows
        self._lock = threading.Lock()
        self._kept: tuple[int, list[bytes | None]] = (-1, [])

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> StoredImages: ...
    def __getitem__(self, place: int | slice) -> bytes | StoredImages:
        if isinstance(place, slice):
            return StoredImages(self.file, self._rows[place])
        row = int(self._rows[place])
        group = int(np.searchsorted(self._starts, row, side="right")) - 1
        with self._lock:
            if self._kept[0] != group:
                self._kept = (group, self._read(group))
            image = self._kept[1][row - int(self._starts[group])]
        return image or b""

    def take(self, rows: npt.NDArray[np.int64]) -> StoredImages:
        """The images at these places, in this order."""
        return StoredImages(self.file, self._rows[rows])

    def _read(self, group: int) -> list[bytes | None]:
        with pq.ParquetFile(self.file) as opened:
            column: Any = opened.read_row_group(group, columns=["image"]).column("image")
        if pa.types.is_struct(column.type):
            column = pa.chunked_array([chunk.field("bytes") for chunk in column.chunks])
        images: list[bytes | None] = column.to_pylist()
        return images
