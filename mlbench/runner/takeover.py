"""A record of the same cell in another suite's folder is taken over, not trained again; one that a suite has
other names for by now is given them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from mlbench import datasets
from mlbench.errors import DataError
from mlbench.records import Store
from mlbench.suite import Cell
from mlbench.whole_files import whole


def take_over(identifier: str, cell: Cell, source: Store, target: Store) -> bool:
    """Copy a record and its scores under this suite's own names; False where the source has no record."""
    try:
        record = source.read(identifier)
    except KeyError:
        return False
    record["suite"], record["taken_over_from"] = cell.suite, source.folder.name
    _rename_family(record, cell)
    cell.give_names(record["cell"])
    scores = source.scores_file(identifier)
    if scores.exists():
        try:
            _copy(scores, target.scores_file(identifier), target.tmp_folder)
        except OSError as error:
            raise DataError(f"{target.folder}: scores could not be copied here: {error.strerror}") from error
    else:
        target.forget_scores(identifier)
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
    with whole(to, through) as temporary:
        try:
            os.link(file, temporary)
        except OSError:
            shutil.copyfile(file, temporary)
