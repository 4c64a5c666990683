"""The stored bootstrap replicates of the test rows, from scores files or packed records, read task by task."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlbench.records import UNREADABLE, RecordError, stores
from mlbench.records.packed import packed_replicates
from mlbench.records.replicates import PREFIXES, KeptReplicates, restore
from mlbench.records.scores import present
from mlbench.report.data.grid import READINGS, Grid

Draws = dict[tuple[str, str], npt.NDArray[np.float32]]
ReplicateSource = Path | Mapping[str, KeptReplicates]
"""Where the replicates of a cell are: its scores file, or what a packed record keeps of it."""


class StoredReplicates:
    """Replicates by (reading, metric key), from the scores files beside the records, else from packed records.

    `paths` and `against` are those of the records; a cell's replicates are from the side that its record is
    from, of several folders from the first, as the record is. What cannot be read counts as not stored: the
    records themselves are whole.
    """

    def __init__(
        self, grid: Grid, paths: Iterable[Path], keys: Iterable[str], against: Iterable[Path] = ()
    ) -> None:
        self._grid = grid
        self._wanted = {
            f"{PREFIXES[column]}/{key}": (reading, key)
            for reading, column in READINGS.items()
            for key in keys
        }
        self._sides = (_sources(paths), _sources(against))

    def __bool__(self) -> bool:
        return any(self._sides)

    def load(self, task: int, fraction: int) -> Draws:
        """Of one task and fraction: [losses, seeds, draws], NaN for cells that stored none."""
        losses, tasks, fractions, seeds = self._grid.rows()
        cells = self._grid.cells
        identifiers = cells["id"].to_numpy()
        published = cells.get("published", pd.Series(False, index=cells.index)).to_numpy(bool)
        arrays: Draws = {}
        for row in np.flatnonzero((tasks == task) & (fractions == fraction)):
            source = self._sides[int(published[row])].get(str(identifiers[row]))
            for name, drawn in self._read(source, int(row)).items():
                if not len(drawn):
                    continue
                if name not in arrays:
                    shape = (len(self._grid.losses), len(self._grid.seeds), len(drawn))
                    arrays[name] = np.full(shape, np.nan, np.float32)
                if arrays[name].shape[2] == len(drawn):
                    arrays[name][losses[row], seeds[row]] = drawn
        return arrays

    def _read(self, source: ReplicateSource | None, row: int) -> Draws:
        if source is None:
            return {}
        return self._of_file(source) if isinstance(source, Path) else self._of_record(source, row)

    def _of_file(self, file: Path) -> Draws:
        """The wanted members of one file; `np.load` takes four times as long over so many small ones."""
        try:
            with zipfile.ZipFile(present(file)) as archive:
                names = {f"{name}.npy": name for name in self._wanted}
                there = names.keys() & set(archive.namelist())
                return {self._wanted[names[member]]: _vector(archive.read(member)) for member in there}
        except UNREADABLE:
            return {}

    def _of_record(self, kept: Mapping[str, KeptReplicates], row: int) -> Draws:
        """Around the numbers of the record, which stands in this row of the grid's cells."""
        found, cells = {}, self._grid.cells
        for name in self._wanted.keys() & kept.keys():
            reading, key = self._wanted[name]
            centre = float(cells[f"{READINGS[reading]}/test/{key}"].iloc[row])
            found[reading, key] = restore(kept[name], centre)
        return found


def _sources(paths: Iterable[Path]) -> dict[str, ReplicateSource]:
    """Where the replicates under `paths` are, by cell; of several of one cell the first, a scores file before what a
    packed record of the same folder keeps."""
    found: dict[str, ReplicateSource] = {}
    for path in paths:
        for store in stores(path) if path.is_dir() else []:
            for file in store.scores_folder.glob("*.npz"):
                found.setdefault(file.stem, file)
            _add_packed(found, store.packed_file)
        if path.suffix == ".parquet" and path.is_file():
            _add_packed(found, path)
    return found


def _add_packed(found: dict[str, ReplicateSource], file: Path) -> None:
    with contextlib.suppress(RecordError, FileNotFoundError):
        for identifier, kept in packed_replicates(file).items():
            found.setdefault(identifier, kept)


def _vector(content: bytes) -> npt.NDArray[np.float32]:
    """A one-dimensional array from the bytes of a .npy file."""
    start = 10 + int.from_bytes(content[8:10], "little")
    if content[6] == 1 and b"'<f4'" in content[:start]:
        return np.frombuffer(content, "<f4", offset=start)
    return np.asarray(np.lib.format.read_array(io.BytesIO(content), allow_pickle=False), np.float32)
