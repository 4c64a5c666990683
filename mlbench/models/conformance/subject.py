"""What a property is tried on: an encoder, fitted to small built-in data."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mlbench import datasets
from mlbench.code.declarations import Declaration
from mlbench.datasets import Dataset
from mlbench.models.base import Backbone, Encoder, Fitted
from mlbench.registry import ENCODERS

BUILT_IN = {"text": "synthetic-topics", "image": "digit-scenes", "features": "synthetic-features"}
"""What is encoded, by modality."""


SIZES = {"train": 40, "validation": 12, "test": 12}


USED = np.arange(0, 40, 2)
"""The training rows that a fit may look at."""


BATCH = torch.arange(6)


CLOSE = 1e-4
"""What features may differ by: sums over a batch round by its order."""


@dataclass(frozen=True)
class EncoderUnderTest:
    """An encoder that is tried.

    - `declaration`: what its source says of it.
    - `model`: what follows the colon of its name; "" where nothing does.
    """

    declaration: Declaration
    model: str

    @property
    def cls(self) -> type[Encoder]:
        """The class itself."""
        found: type[Encoder] = ENCODERS.get(self.declaration.name)
        return found

    @cached_property
    def fitted(self) -> dict[str, Fitted]:
        """It, fitted to data of each modality that it reads."""
        return {modality: self.fit(sample_of(modality)) for modality in sorted(self.cls.modalities)}

    def fit(self, dataset: Dataset, **options: Any) -> Fitted:
        """It, with these options, fitted to USED rows, with a cache of its own."""
        given = {"model": self.model, **options} if self.model else options
        encoder: Encoder = ENCODERS.build(self.declaration.name, **given)
        # Some inputs are mapped from the cache as long as they are used.
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        found = encoder.fit(dataset, USED, Path(folder.name))
        _folders.append(folder)
        return found

    def backbones(self) -> Iterator[tuple[Fitted, Backbone]]:
        """What was fitted, each with a new backbone of one and the same initialisation, in evaluation mode."""
        for fitted in self.fitted.values():
            yield fitted, new_backbone(fitted)


_folders: list[tempfile.TemporaryDirectory[str]] = []


def sample_of(modality: str) -> Dataset:
    """The first rows of a built-in dataset, without the fingerprint by which they could be cached."""
    whole = datasets.load(BUILT_IN[modality], {"samples": 300, "labels": 5} if modality != "image" else None)
    train, validation, test = (whole.splits[name].take(np.arange(size)) for name, size in SIZES.items())
    return replace(whole, train=train, validation=validation, test=test, fingerprint="", ceiling=None)


def new_backbone(fitted: Fitted) -> Backbone:
    """A backbone as seed 0 initialises it, in evaluation mode."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return fitted.build().eval()
