"""What a property is tried on: a dataset, loaded without a network."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mlbench.code.declarations import Declaration
from mlbench.datasets.base import Dataset
from mlbench.datasets.cards import Card
from mlbench.datasets.loading import card, load
from mlbench.errors import DatasetNotFoundError
from mlbench.properties import PropertyFailure

REMEDY = "what to do:"
"""What stands before the remedy in the error for a dataset that is not on this machine."""


@dataclass(frozen=True)
class DatasetUnderTest:
    """A dataset that is tried, at its default parameters.

    - `declaration`: where its source is.
    - `data_root`: where its files are looked for first.
    """

    declaration: Declaration
    data_root: Path | None

    @cached_property
    def loaded(self) -> tuple[Dataset | None, str]:
        """The dataset and what was warned of, or None and why it is not on this machine."""
        with _offline(), warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                return self.read(), "; ".join(str(each.message) for each in warned)
            except DatasetNotFoundError as error:
                return None, str(error)

    def read(self) -> Dataset:
        """It is read anew."""
        return load(self.declaration.name, data_root=self.data_root)

    @property
    def dataset(self) -> Dataset:
        """It, where it is on this machine."""
        found, why = self.loaded
        if found is None:
            raise PropertyFailure(why)
        return found

    @property
    def card(self) -> Card:
        """What is known of it without its files."""
        return card(self.declaration.name)


@contextmanager
def _offline() -> Iterator[None]:
    before = os.environ.get("MLBENCH_OFFLINE")
    os.environ["MLBENCH_OFFLINE"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["MLBENCH_OFFLINE"]
        else:
            os.environ["MLBENCH_OFFLINE"] = before
