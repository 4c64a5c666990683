"""What is used again: the data that are there, the records of a suite and of its siblings.

A record of the same cell in another suite's folder is taken over, not trained again; one that its suite
has other names for by now is given them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlbench import datasets
from mlbench.atomic_writes import atomic_write
from mlbench.errors import DataError, DatasetNotFoundError
from mlbench.records import Keep, RecordError, Store, stores
from mlbench.suite import Cell


class KnownData:
    """Fingerprints, each asked for once: a suite calls no two datasets alike."""

    def __init__(self, root: Path | None) -> None:
        self._root = root
        self._found: dict[tuple[str, str], str | DatasetNotFoundError] = {}

    def fingerprint(self, cell: Cell) -> str:
        key = cell.suite, cell.dataset
        if key not in self._found:
            try:
                self._found[key] = datasets.fingerprint(
                    cell.loader, cell.dataset_parameters, name=cell.dataset, data_root=self._root
                )
            except DatasetNotFoundError as error:
                self._found[key] = error
        found = self._found[key]
        if isinstance(found, DatasetNotFoundError):
            raise found
        return found


class KnownRecords:
    """The records of a suite, and of its siblings under the same results root."""

    def __init__(self, store: Store, results: Path) -> None:
        self.store = store
        self.problems = list[str]()
        """Files that are no records, each with what is wrong: their cells are trained."""
        self._heads = {head["id"]: head for head in store.heads(self.problems)}
        self._siblings = dict(_siblings(store, results))

    def head(self, identifier: str) -> dict[str, Any] | None:
        """What this suite's own record of a cell says first."""
        return self._heads.get(identifier)

    def elsewhere(self, identifier: str, keep: Keep) -> tuple[Store | None, dict[str, Any] | None]:
        """A finished record of the cell in another suite's folder, if it can be read and as much is kept of the cell as
        this suite wants."""
        for sibling, ids in self._siblings.items():
            if identifier in ids:
                with contextlib.suppress(RecordError):
                    head = sibling.head(identifier)
                    if head["status"] == "done" and keep.has_all(sibling, identifier):
                        return sibling, head
        return None, None


def _siblings(store: Store, results: Path) -> Iterator[tuple[Store, set[str]]]:
    """The other stores and the ids of their records; one that cannot be read has nothing to give."""
    with contextlib.suppress(DataError):
        for other in stores(results):
            if other != store:
                with contextlib.suppress(RecordError):
                    yield other, other.ids()


def take_over(identifier: str, cell: Cell, source: Store, target: Store) -> bool:
    """Copy a record, its scores and its model under this suite's own names; False where the source has no record."""
    try:
        record = source.read(identifier)
    except KeyError:
        return False
    record["suite"], record["taken_over_from"] = cell.suite, source.folder.name
    _rename_family(record, cell)
    cell.give_names(record["cell"])
    for what, file, to in (
        ("scores", source.scores_file(identifier), target.scores_file(identifier)),
        ("a model", source.model_file(identifier), target.model_file(identifier)),
    ):
        try:
            if file.exists():
                to.parent.mkdir(exist_ok=True)
                _copy(file, to, target.tmp_folder)
            else:
                to.unlink(missing_ok=True)
        except OSError as error:
            raise DataError(f"{target.folder}: {what} could not be copied here: {error.strerror}") from error
    target.write(record)
    return True


def rename(identifier: str, cell: Cell, store: Store) -> None:
    """Give a record the names that its suite has for it now, as of a loss, or of a trial."""
    try:
        record = store.read(identifier)
    except KeyError:
        return
    _rename_family(record, cell)
    cell.give_names(record["cell"])
    store.write(record)


def _rename_family(record: dict[str, Any], cell: Cell) -> None:
    """Data whose card names no family are a family of their own, called as the suite calls them."""
    about, called = record.get("dataset") or {}, record["cell"]["dataset"]
    of_card = datasets.card(cell.loader, cell.dataset_parameters).family
    if about.get("family") == called != of_card:
        about["family"] = cell.dataset


def _copy(file: Path, to: Path, through: Path) -> None:
    """A hard link where the file system has them: stores replace files and never change one."""
    with atomic_write(to, through) as temporary:
        try:
            os.link(file, temporary)
        except OSError:
            shutil.copyfile(file, temporary)
