"""What a plan knows before it asks for a cell: the data that are there, and the records."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlbench import datasets
from mlbench.errors import DataError, DatasetNotFoundError
from mlbench.records import RecordError, Store, enough, stores
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
        self._heads = {str(head["id"]): head for head in store.heads()}
        self._siblings = dict(_siblings(store, results))

    def head(self, identifier: str) -> dict[str, Any] | None:
        """What this suite's own record of a cell says first."""
        return self._heads.get(identifier)

    def elsewhere(self, identifier: str, scores: str) -> tuple[Store | None, dict[str, Any] | None]:
        """A finished record of the cell in another suite's folder, if it can be read and its scores are kept as
        precisely as this suite wants them."""
        for sibling, ids in self._siblings.items():
            if identifier in ids:
                with contextlib.suppress(RecordError):
                    head = sibling.head(identifier)
                    if head["status"] == "done" and enough(sibling.scores_file(identifier), scores):
                        return sibling, head
        return None, None


def _siblings(store: Store, results: Path) -> Iterator[tuple[Store, set[str]]]:
    """The other stores and the ids of their records; one that cannot be read has nothing to give."""
    with contextlib.suppress(DataError):
        for other in stores(results):
            if other != store:
                with contextlib.suppress(RecordError):
                    yield other, other.ids()
