"""The stored bootstrap replicates of the test rows, read once, task by task."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlbench.records import stores
from mlbench.report.grid import Grid

PREFIXES = {"own": "bootstrap", "probe": "probe_bootstrap"}
"""Where a scores file keeps the replicates of each reading."""

Draws = dict[tuple[str, str], npt.NDArray[np.float32]]


class Replicates:
    """Replicates by (reading, metric key), from the scores files beside the records.

    `paths` and `against` are those of the records; a cell's replicates are from the side that its record is
    from, of several folders from the first, as the record is. What cannot be read counts as not stored: the
    records themselves are whole.
    """

    def __init__(
        self, grid: Grid, paths: Iterable[Path], keys: Iterable[str], against: Iterable[Path] = ()
    ) -> None:
        self._grid = grid
        self._members = {
            f"{prefix}/{key}.npy": (reading, key) for reading, prefix in PREFIXES.items() for key in keys
        }
        self._sides = (_files(paths), _files(against))

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
            file = self._sides[int(published[row])].get(str(identifiers[row]))
            for name, drawn in (self._read(file) if file else {}).items():
                if name not in arrays:
                    shape = (len(self._grid.losses), len(self._grid.seeds), len(drawn))
                    arrays[name] = np.full(shape, np.nan, np.float32)
                if arrays[name].shape[2] == len(drawn):
                    arrays[name][losses[row], seeds[row]] = drawn
        return arrays

    def _read(self, file: Path) -> Draws:
        """The wanted members of one file; `np.load` takes four times as long over so many small ones."""
        try:
            with zipfile.ZipFile(file) as archive:
                wanted = self._members.keys() & set(archive.namelist())
                return {self._members[name]: _vector(archive.read(name)) for name in wanted}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error):
            return {}


def _files(paths: Iterable[Path]) -> dict[str, Path]:
    """The scores files under `paths` by cell, of several of one cell the first."""
    files: dict[str, Path] = {}
    for path in paths:
        for store in stores(path) if path.is_dir() else []:
            for file in store.scores_folder.glob("*.npz"):
                files.setdefault(file.stem, file)
    return files


def _vector(content: bytes) -> npt.NDArray[np.float32]:
    """A one-dimensional array from the bytes of a .npy file."""
    start = 10 + int.from_bytes(content[8:10], "little")
    if content[6] == 1 and b"'<f4'" in content[:start]:
        return np.frombuffer(content, "<f4", offset=start)
    return np.asarray(np.lib.format.read_array(io.BytesIO(content), allow_pickle=False), np.float32)
