"""What the registry holds under a dataset's name: where the samples come from.

A source is built with the suite's parameters. `NamedSource` (a dataset of the papers) looks for a folder in
the folder format and else converts its public files; `GeneratedSource` makes its samples.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any, ClassVar

from mlbench.code.modules import code_hash
from mlbench.datasets.base import Dataset
from mlbench.datasets.cards import Card, Modality
from mlbench.datasets.files.folder import folder_files, is_dataset_folder, read_folder
from mlbench.datasets.fingerprints import file_stamps
from mlbench.datasets.places import data_folders, fetched_root, safe_name
from mlbench.errors import DatasetNotFoundError
from mlbench.registry import DATASETS

register_dataset = DATASETS.register


@dataclass(frozen=True)
class Request:
    """Who asks for a dataset.

    - `loader`: the name it is registered under.
    - `name`: the one to show.
    - `data_root`: the `--data-root` given.
    """

    loader: str
    name: str
    data_root: Path | None = None


class Source(ABC):
    """Gives a card without data, and a Dataset (its fingerprint still empty) where the data is there."""

    @abstractmethod
    def card(self) -> Card:
        """What is known of the dataset before its files are there."""

    def known_modality(self) -> Modality | None:
        """What the samples are; None where only the files can tell."""
        return self.card().modality

    @abstractmethod
    def read(self, request: Request) -> Dataset:
        """The samples. Raises DatasetNotFoundError where they are not on this machine."""

    @abstractmethod
    def stamp(self, request: Request) -> Any:
        """A JSON value that changes whenever the content may have; cheap. Raises DatasetNotFoundError."""

    def check(self, request: Request) -> None:
        """Raise DataError where the files are there and the parameters cannot fit them; cheap."""
        return

    def files(self, request: Request) -> list[Path]:
        """The files that the samples are read from, where there are any."""
        return []


class GeneratedSource(Source):
    """Samples made from parameters alone: no files, no network.

    `version` is raised when the same parameters would give other samples; `packages` are those whose
    release may change them.
    """

    version: ClassVar[int] = 1
    packages: ClassVar[tuple[str, ...]] = ("numpy",)

    @abstractmethod
    def parameters(self) -> dict[str, Any]:
        """All parameters, JSON-ready."""

    def stamp(self, request: Request) -> Any:
        releases = {package: package_version(package) for package in self.packages}
        code = code_hash(DATASETS.describe(request.loader))
        return [request.loader, self.version, code, self.parameters(), releases]


class NamedSource(Source):
    """A dataset known by name: a folder of that name under the data root or in the cache."""

    def variant(self) -> str:
        """What its folder's name says beside the dataset's name: "" for the default parameters."""
        return ""

    def how_to_get(self, folder_name: str) -> str:
        """What a user has to do where it is absent."""
        return f"put its folder at {fetched_root() / folder_name}, or name the folder that holds it by --data-root"

    def folder_name(self, loader: str) -> str:
        """The name of its folder under a data root."""
        variant = self.variant()
        return safe_name(f"{loader},{variant}" if variant else loader, "dataset")

    def folder(self, request: Request) -> Path:
        """The folder that holds it. Raises DatasetNotFoundError, which says where it was looked for."""
        folder_name = self.folder_name(request.loader)
        places = [root / folder_name for root in data_folders(request.data_root)]
        for place in places:
            if is_dataset_folder(place):
                return place
        raise not_found(request.loader, places, self.how_to_get(folder_name))

    def files(self, request: Request) -> list[Path]:
        return folder_files(self.folder(request))

    def stamp(self, request: Request) -> Any:
        return file_stamps(self.files(request))

    def read(self, request: Request) -> Dataset:
        dataset = read_folder(self.folder(request), request.name, self.card())
        warn_of_differences(dataset, self.card())
        return dataset


def not_found(name: str, places: Sequence[Path], remedy: str) -> DatasetNotFoundError:
    """The one error for a dataset that is not on this machine."""
    looked = "".join(f"\n  looked for {place}" for place in places)
    return DatasetNotFoundError(f"dataset {name!r} is not on this machine{looked}\n  what to do: {remedy}")


def warn_of_differences(dataset: Dataset, card: Card) -> None:
    """Warn where the files differ from what the card says of them."""
    differences = []
    if card.labels is not None and card.labels != len(dataset.labels):
        differences.append(f"{len(dataset.labels)} labels where its card says {card.labels}")
    for split, size in card.sizes.items():
        if dataset.sizes.get(split) != size and split in dataset.sizes:
            differences.append(f"{dataset.sizes[split]} rows in {split} where its card says {size}")
    if differences:
        warnings.warn(f"dataset {dataset.name!r} has {'; '.join(differences)}", stacklevel=3)
