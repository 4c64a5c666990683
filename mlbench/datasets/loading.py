"""A dataset by its loader's name and parameters: the functions that the other rooms call."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlbench.datasets.base import Dataset
from mlbench.datasets.cache import keep_name
from mlbench.datasets.cards import Card, Modality
from mlbench.datasets.fingerprints import bytes_fingerprint, content_fingerprint, remembered
from mlbench.datasets.folder_source import FolderSource
from mlbench.datasets.source import Request, Source
from mlbench.datasets.splits.hiding import hide, stamp_of
from mlbench.errors import DataError, DatasetNotFoundError
from mlbench.registry import DATASETS
from mlbench.suite.hiding import split_hiding


def load(
    loader: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    name: str | None = None,
    data_root: Path | None = None,
) -> Dataset:
    """The dataset, from the data root, the local cache, or its public source, in this order.

    `name` is what it is called in records and reports. Raises UnknownNameError, ConfigError (a parameter),
    DatasetNotFoundError (not here and not to be fetched) or DataError (here, but cannot be used).
    """
    source, request = ask(loader, parameters, name, data_root)
    dataset = _read(source, request, parameters)
    fingerprint = remembered(_stamp(source, request, parameters), lambda: content_fingerprint(dataset))
    keep_name(fingerprint, dataset.name)
    return replace(dataset, fingerprint=fingerprint)


def fingerprint(
    loader: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    name: str | None = None,
    data_root: Path | None = None,
) -> str:
    """32 hex digits that name content and order; cheap where nothing has changed since the last call.

    Raises DatasetNotFoundError where the dataset is not on this machine (nothing is fetched). One that is
    here but cannot be read has the hash of its files' bytes.
    """
    source, request = ask(loader, parameters, name, data_root)

    def compute() -> str:
        try:
            return content_fingerprint(_read(source, request, parameters))
        except DatasetNotFoundError:
            raise
        except DataError:
            return bytes_fingerprint(source.files(request))

    return remembered(_stamp(source, request, parameters), compute)


def _read(source: Source, request: Request, parameters: Mapping[str, Any] | None) -> Dataset:
    dataset, (hiding, _) = source.read(request), split_hiding(parameters or {})
    return dataset if hiding is None else hide(dataset, hiding)


def _stamp(source: Source, request: Request, parameters: Mapping[str, Any] | None) -> Any:
    stamp, (hiding, _) = source.stamp(request), split_hiding(parameters or {})
    return stamp if hiding is None else [stamp, stamp_of(hiding)]


def check(loader: str, parameters: Mapping[str, Any] | None = None, *, data_root: Path | None = None) -> None:
    """Raise DataError for parameters that cannot fit the dataset's files, as far as a look at their headers tells."""
    source, request = ask(loader, parameters, None, data_root)
    with contextlib.suppress(DatasetNotFoundError):
        source.check(request)


def card(loader: str, parameters: Mapping[str, Any] | None = None, *, data_root: Path | None = None) -> Card:
    """What is known of the dataset; of a registered one without its files."""
    return build_source(loader, parameters, data_root).card()


def modality(
    loader: str, parameters: Mapping[str, Any] | None = None, *, data_root: Path | None = None
) -> Modality | None:
    """What the samples are, as far as it is known without the files; None where it is not."""
    return build_source(loader, parameters, data_root).known_modality()


def ask(
    loader: str, parameters: Mapping[str, Any] | None, name: str | None, data_root: Path | None
) -> tuple[Source, Request]:
    """The source of a dataset, and the request that its methods take."""
    source = build_source(loader, parameters, data_root)
    called = DATASETS.describe(loader, data_root=data_root).name
    return source, Request(called, name or loader, data_root)


def build_source(
    loader: str, parameters: Mapping[str, Any] | None = None, data_root: Path | None = None
) -> Source:
    """The registered source, or the folder of this name; the parameters are checked against its signature, but for
    those that say which labels are hidden, which every dataset takes."""
    declared = DATASETS.describe(loader, data_root=data_root)
    _, given = split_hiding(parameters or {}, f"dataset {declared.name!r}")
    if declared.origin == "folder":
        declared.resolve(given, f"dataset {declared.name!r}")
        return FolderSource(declared.file.parent)
    source: Source = DATASETS.build(declared.name, **given)
    return source
