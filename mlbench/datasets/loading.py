"""A dataset by its loader's name and parameters: the functions that the other rooms call."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlbench.datasets.base import Dataset
from mlbench.datasets.cards import Card, Modality
from mlbench.datasets.fingerprints import bytes_fingerprint, content_fingerprint, remembered
from mlbench.datasets.source import Request, Source
from mlbench.errors import DataError, DatasetNotFoundError
from mlbench.registry import DATASETS


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
    source = build_source(loader, parameters)
    request = Request(DATASETS.describe(loader).name, name or loader, data_root)
    dataset = source.read(request)
    fingerprint = remembered(source.stamp(request), lambda: content_fingerprint(dataset))
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
    source = build_source(loader, parameters)
    request = Request(DATASETS.describe(loader).name, name or loader, data_root)

    def compute() -> str:
        try:
            return content_fingerprint(source.read(request))
        except DatasetNotFoundError:
            raise
        except DataError:
            return bytes_fingerprint(source.files(request))

    return remembered(source.stamp(request), compute)


def check(loader: str, parameters: Mapping[str, Any] | None = None, *, data_root: Path | None = None) -> None:
    """Raise DataError for parameters that cannot fit the dataset's files, as far as a look at their headers tells."""
    source = build_source(loader, parameters)
    with contextlib.suppress(DatasetNotFoundError):
        source.check(Request(DATASETS.describe(loader).name, loader, data_root))


def card(loader: str, parameters: Mapping[str, Any] | None = None) -> Card:
    """What is known of the dataset; needs none of its files."""
    return build_source(loader, parameters).card()


def modality(loader: str, parameters: Mapping[str, Any] | None = None) -> Modality | None:
    """What the samples are, as far as it is known without the files; None where it is not."""
    return build_source(loader, parameters).known_modality()


def build_source(loader: str, parameters: Mapping[str, Any] | None = None) -> Source:
    """The registered source, its parameters checked against its signature."""
    source: Source = DATASETS.build(loader, **dict(parameters or {}))
    return source
