"""Built-in encoders pass the conformance suite; a broken one fails at what is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mlbench.datasets import Dataset
from mlbench.models.base import Backbone, Encoder, Fitted
from mlbench.models.conformance import EncoderUnderTest, backbones, check, fitting, sample_of
from mlbench.models.conformance.subject import USED
from mlbench.models.inputs import Batch, Dense
from mlbench.properties import PropertyFailure
from mlbench.registry import ENCODERS


@pytest.mark.parametrize("name", ["features", "lsa", "bag", pytest.param("conv", marks=pytest.mark.slow)])
def test_passes_the_conformance_suite(name: str) -> None:
    assert [str(verdict) for verdict in check(name) if verdict.passed is False] == []


class Layer(Backbone):
    def __init__(self, inputs: int, width: int, **broken: bool) -> None:
        super().__init__()
        self.dim, self.broken = width, broken
        self.layer = nn.Linear(inputs, width - broken.get("narrow", False))
        self.dropout = nn.Dropout(0.5) if broken.get("noisy") else nn.Identity()
        if broken.get("loose"):
            self.layer.requires_grad_(False)

    def forward(self, batch: Batch) -> Tensor:
        features: Tensor = self.layer(batch[0].detach())
        if self.broken.get("ranked"):
            features = features + torch.arange(len(features))[:, None]
        return features * torch.nan if self.broken.get("nan") else features

    def parameters_by_depth(self) -> list[list[nn.Parameter]]:
        return [[]] if self.broken.get("shallow") else super().parameters_by_depth()

    def augment(self, batch: Batch, generator: torch.Generator, how: str) -> Batch:
        return (batch[0][:2],)


class Made(Encoder):
    """A layer on given vectors."""

    modalities = {"features"}
    augmentations = {"half"}

    def __init__(self, frozen: bool = False, **broken: bool) -> None:
        self.frozen, self.broken = frozen, broken

    def fit(self, dataset: Dataset, rows: Any, cache: Path) -> Fitted:
        train, *others = (np.asarray(split.inputs, dtype=np.float32) for split in dataset.splits.values())
        mean = train.mean(0) if self.broken.get("peeks") else train[rows].mean(0)
        if self.broken.get("random"):
            mean = mean + np.random.default_rng().random(len(mean), dtype=np.float32)
        kept = train if self.broken.get("whole") else train[rows]
        inputs = [Dense(torch.from_numpy(part - mean)) for part in (kept, *others)]
        return Fitted(
            *inputs,
            build=lambda: Layer(train.shape[1], 8, **self.broken),
            vectors=self.broken.get("vectors", False),
        )


@dataclass(frozen=True)
class Pretended(EncoderUnderTest):
    """An encoder that is broken in one way."""

    broken: str

    @property
    def cls(self) -> type[Encoder]:
        return Made

    @cached_property
    def fitted(self) -> dict[str, Fitted]:
        return {"features": self.fit(sample_of("features"))}

    def fit(self, dataset: Dataset, **options: Any) -> Fitted:
        return Made(**{self.broken: True}, **options).fit(dataset, USED, Path())


@pytest.mark.parametrize(
    ("holds", "broken", "said"),
    [
        (fitting.fit_prepares_every_split, "whole", "train has 40 samples, not 20"),
        (backbones.backbone_gives_features, "narrow", r"features are \[6, 7\] for 6 samples and `dim` 8"),
        (backbones.backbone_gives_features, "nan", "finite float32"),
        (fitting.fit_looks_at_its_rows_alone, "peeks", "may not look at"),
        (fitting.same_seed_same_features, "random", "fitted twice"),
        (backbones.order_of_samples_does_not_matter, "ranked", "its place in the batch"),
        (backbones.gradient_reaches_its_parameters, "shallow", "`parameters_by_depth`"),
        (fitting.frozen_has_nothing_to_train, "peeks", "`Fitted.vectors` must be True"),
        (fitting.frozen_has_nothing_to_train, "vectors", "has parameters to train"),
        (backbones.augmentations_keep_shapes, "peeks", "'half' changes the shapes"),
        (backbones.noisy_as_declared, "noisy", "declare `noisy = True`"),
    ],
)
def test_what_is_broken_is_named(holds: Callable[[EncoderUnderTest], None], broken: str, said: str) -> None:
    subject = Pretended(ENCODERS.describe("features"), "", broken)
    with pytest.raises(PropertyFailure, match=said):
        holds(subject)
