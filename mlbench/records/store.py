"""The store: one JSON record a cell, written whole or not at all.

<folder>/cells/<cell-id>.json     the record; its first line is a head that can be read alone
<folder>/scores/<cell-id>.npz     the scores that its metrics are of
<folder>/models/<cell-id>.safetensors   its model, where the suite asks for it
<folder>/records.parquet          optional: many records in one file, one a row, equally legal, with the replicates of
                                  the main metrics beside each: what is published
<folder>/checkpoints              where cells stand that were stopped or killed
<folder>/tmp, <folder>/locks      work in progress
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlbench.atomic_writes import atomic_write, unique_name
from mlbench.errors import DataError
from mlbench.records.codec import RecordError, check, decode, decode_head, encode
from mlbench.records.lean import lean
from mlbench.records.packed import (
    pack,
    packed_ids,
    packed_records,
    packed_replicates,
    read_one,
    read_packed,
)
from mlbench.records.replicates import KeptReplicates, centre_of, shrink_all
from mlbench.records.scores import UNREADABLE, open_scores

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Store:
    """The records and scores of one suite: `Store(Path("results/quick"))`."""

    folder: Path

    @property
    def cells_folder(self) -> Path:
        return self.folder / "cells"

    @property
    def scores_folder(self) -> Path:
        return self.folder / "scores"

    @property
    def models_folder(self) -> Path:
        return self.folder / "models"

    @property
    def checkpoints_folder(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def tmp_folder(self) -> Path:
        return self.folder / "tmp"

    @property
    def locks_folder(self) -> Path:
        return self.folder / "locks"

    @property
    def packed_file(self) -> Path:
        return self.folder / "records.parquet"

    def prepare(self) -> None:
        """Make the folders; raises DataError where the place cannot be written to."""
        try:
            for folder in (
                self.cells_folder,
                self.scores_folder,
                self.checkpoints_folder,
                self.tmp_folder,
                self.locks_folder,
            ):
                folder.mkdir(parents=True, exist_ok=True)
            probe = self.tmp_folder / unique_name("probe")
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise DataError(f"{self.folder}: results cannot be written here: {error.strerror}") from error

    def cell_file(self, identifier: str) -> Path:
        return self.cells_folder / f"{identifier}.json"

    def scores_file(self, identifier: str) -> Path:
        return self.scores_folder / f"{identifier}.npz"

    def model_file(self, identifier: str) -> Path:
        return self.models_folder / f"{identifier}.safetensors"

    def checkpoint_file(self, identifier: str) -> Path:
        return self.checkpoints_folder / f"{identifier}.safetensors"

    def write(self, record: Mapping[str, Any], scores: Mapping[str, np.ndarray] | None = None) -> Path:
        """Write a record, and before it the scores that it speaks of; returns the record's file. Without `scores` those
        that are there stay its own: see `forget_scores`.

        Each is written to `tmp/`, flushed to the disk and moved into place, so that a reader sees all of it
        or nothing. Raises RecordError for a record that lacks a key, DataError where the disk refuses.
        """
        check(record, str(record.get("id")))
        text = encode(record)
        try:
            if scores is not None:
                self._write_scores(str(record["id"]), scores)
            return self._place(text.encode(), self.cell_file(str(record["id"])))
        except OSError as error:
            raise DataError(
                f"{self.folder}: cell {record['id']} could not be written: {error.strerror}; "
                "what was written earlier is intact"
            ) from error

    def forget_scores(self, identifier: str) -> None:
        """For a cell that was trained anew and kept none: those of its earlier training are not the new record's.
        Raises DataError where the disk refuses."""
        _forget(self.scores_file(identifier))

    def forget_model(self, identifier: str) -> None:
        """As `forget_scores`, of the model."""
        _forget(self.model_file(identifier))

    def read(self, identifier: str) -> dict[str, Any]:
        """One record, from its own file or from the packed ones; raises KeyError where there is none."""
        file = self.cell_file(identifier)
        if file.is_file():
            with _remedy():
                return own(decode(_content(file), str(file)), file)
        text = self._packed_column("record", identifier)
        return decode(text.encode(), str(self.packed_file))

    def head(self, identifier: str) -> dict[str, Any]:
        """What the first line of one record says (see HEAD); raises KeyError where there is none."""
        file = self.cell_file(identifier)
        if file.is_file():
            return _head(file)
        return decode_head(self._packed_column("head", identifier).encode(), self.packed_file)

    def scores(self, identifier: str) -> dict[str, np.ndarray]:
        """The stored scores of a cell; raises FileNotFoundError where none were kept, another of UNREADABLE where they
        cannot be read."""
        with open_scores(self.scores_file(identifier)) as stored:
            return {key: stored[key] for key in stored.files}

    def ids(self) -> set[str]:
        """The ids of all records, own files and packed ones; opens no record."""
        own = {file.stem for file in self.own_files()}
        return own | set(packed_ids(self.packed_file) if self.packed_file.exists() else ())

    def heads(self, problems: list[str] | None = None) -> Iterator[dict[str, Any]]:
        """What the first line of each record says (see HEAD); cheap even for many thousands. What is no record is left
        out, and named in `problems`."""
        seen, told = set(), [] if problems is None else problems
        for file in self.own_files(told):
            try:
                head = _head(file)
            except RecordError as error:
                told.append(str(error))
            else:
                seen.add(head["id"])
                yield head
        for found in self._packed_heads():
            if isinstance(found, RecordError):
                told.append(str(found))
            elif found["id"] not in seen:
                seen.add(found["id"])
                yield found

    def records(self) -> Iterator[dict[str, Any] | RecordError]:
        """Every record, in the order of their ids; a file that is none comes as the RecordError it raises."""
        seen, told = set(), list[str]()
        for file in self.own_files(told):
            try:
                record = own(decode(_content(file), str(file)), file)
            except RecordError as error:
                yield error
            else:
                seen.add(record["id"])
                yield record
        yield from map(RecordError, told)
        for found in packed_records(self.packed_file) if self.packed_file.exists() else ():
            if isinstance(found, RecordError) or found["id"] not in seen:
                yield found

    def pack(self, keys: tuple[str, ...] = ()) -> Path:
        """All records in `records.parquet`, one a row: what is published, trials without what nobody reads of them
        (`lean`). The own files stay.

        Beside each stand the replicates of the metrics `keys`, from its scores file, or as they were packed before with
        the same numbers: those of a cell that was trained anew since are none of its own. Raises RecordError where
        records of such a file that is there already would be lost, since they cannot be read.
        """
        before = set(packed_ids(self.packed_file) if self.packed_file.exists() else ())
        records = [record for record in self.records() if not isinstance(record, RecordError)]
        if lost := sorted(before - {record["id"] for record in records}):
            raise RecordError(
                f"{self.packed_file}: {len(lost)} of its records, such as {lost[0]}, would be lost, since they or "
                "files of the same cells cannot be read; see `mlbench status`"
            )
        self.tmp_folder.mkdir(parents=True, exist_ok=True)
        packed = self._packed_replicates()
        replicates = {}
        for record in records:
            kept = {
                name: vector
                for name, (vector, centre) in packed.get(record["id"], {}).items()
                if centre_of(record, name) == centre
            }
            replicates[record["id"]] = self._replicates(record, keys) or kept
        return self._place(pack([lean(record, keys) for record in records], replicates), self.packed_file)

    def _packed_replicates(self) -> dict[str, dict[str, tuple[KeptReplicates, float | None]]]:
        """Of each packed record, with the numbers that they are deviations from."""
        if not self.packed_file.exists():
            return {}
        vectors = packed_replicates(self.packed_file)
        return {
            record["id"]: {name: (kept, centre_of(record, name)) for name, kept in found.items()}
            for record in packed_records(self.packed_file)
            if not isinstance(record, RecordError) and (found := vectors.get(record["id"]))
        }

    def _replicates(self, record: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, KeptReplicates]:
        """From a record's scores file; none where that is not there or damaged."""
        try:
            with open_scores(self.scores_file(record["id"])) as stored:
                return shrink_all(record, stored, keys)
        except UNREADABLE:
            return {}

    def _packed_column(self, column: str, identifier: str) -> str:
        text = read_one(self.packed_file, column, identifier) if self.packed_file.exists() else None
        if text is None:
            raise KeyError(identifier)
        return text

    def own_files(self, problems: list[str] | None = None) -> list[Path]:
        """The files of records, in the order of their names. What is called like one and is none, as a folder or a pipe
        that would never end, is named in `problems`."""
        found = []
        for entry in sorted(_scan(self.cells_folder), key=lambda entry: entry.name):
            if entry.name.endswith(".json"):
                if entry.is_file():
                    found.append(Path(entry.path))
                elif problems is not None:
                    problems.append(f"{entry.path}: not a file; move it elsewhere")
        return found

    def _packed_heads(self) -> Iterator[dict[str, Any] | RecordError]:
        try:
            for text in read_packed(self.packed_file, "head") if self.packed_file.exists() else ():
                try:
                    yield decode_head(str(text).encode(), self.packed_file)
                except RecordError as error:
                    yield error
        except RecordError as error:
            yield error

    def _write_scores(self, identifier: str, scores: Mapping[str, np.ndarray]) -> None:
        import numpy as np

        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **scores)
        self._place(buffer.getvalue(), self.scores_file(identifier))

    def _place(self, content: bytes, target: Path) -> Path:
        with atomic_write(target, self.tmp_folder) as temporary:
            temporary.write_bytes(content)
        return target


def stores(path: Path) -> list[Store]:
    """The stores under a results root, or the one that `path` itself is.

    Raises DataError where there is none.
    """
    if _is_store(path):
        return [Store(path)]
    found = [Store(entry) for entry in sorted(path.iterdir()) if _is_store(entry)] if path.is_dir() else []
    if not found:
        raise DataError(f"{path}: no results here; `mlbench run SUITE --results {path}` makes some")
    return found


def _forget(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(
            f"{file}: cannot be removed: {error.strerror}; it is of an earlier training"
        ) from error


def _head(file: Path) -> dict[str, Any]:
    with _remedy():
        try:
            with file.open("rb") as opened:
                line = opened.readline()
        except OSError as error:
            raise RecordError(f"{file}: cannot be read: {error.strerror}") from error
        return own(decode_head(line, file), file)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise RecordError(f"{file}: cannot be read: {error.strerror}") from error


def own(record: dict[str, Any], file: Path) -> dict[str, Any]:
    """The record of a file, which is called by its id."""
    if record["id"] != file.stem:
        raise RecordError(f"{file}: its id is {record['id']!r}: it is of another cell")
    return record


@contextlib.contextmanager
def _remedy() -> Iterator[None]:
    try:
        yield
    except RecordError as error:
        raise RecordError(f"{error}; delete the file, and `mlbench run` trains its cell again") from None


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return list(entries)


def _is_store(path: Path) -> bool:
    return (path / "cells").is_dir() or (path / "records.parquet").is_file()
