"""What an encoder says of itself, and what `fit` prepares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from mlbench.datasets.cards import MODALITIES
from mlbench.models.base import Encoder, Fitted
from mlbench.models.conformance.subject import (
    BATCH,
    CLOSE,
    SIZES,
    USED,
    EncoderUnderTest,
    new_backbone,
    sample_of,
)
from mlbench.models.inputs import Inputs
from mlbench.properties import PropertyFailure


def source_says_what_it_reads(subject: EncoderUnderTest) -> None:
    cls = subject.cls
    if not (isinstance(cls, type) and issubclass(cls, Encoder)):
        raise PropertyFailure("it must be a class derived from mlbench.models.base.Encoder")
    declared = subject.declaration.attributes.get("modalities")
    if not declared or not set(declared) <= set(MODALITIES):
        raise PropertyFailure(
            f"`modalities` must be a literal set of {', '.join(MODALITIES)}, not {declared!r}"
        )
    if set(declared) != set(cls.modalities):
        raise PropertyFailure(
            f"`modalities` reads {declared} in its source and is {set(cls.modalities)} when run"
        )
    if not subject.declaration.summary:
        raise PropertyFailure(
            "its docstring's first line must say what it is: `mlbench list encoders` prints it"
        )


def fit_prepares_every_split(subject: EncoderUnderTest) -> None:
    for fitted in subject.fitted.values():
        wanted = {"train": len(USED), "validation": SIZES["validation"], "test": SIZES["test"]}
        for name, size in wanted.items():
            if len(_inputs(fitted, name)) != size:
                raise PropertyFailure(
                    f"{name} has {len(_inputs(fitted, name))} samples, not {size}: `train` holds the rows alone that "
                    "`fit` is given, the others the whole split"
                )


def fit_looks_at_its_rows_alone(subject: EncoderUnderTest) -> None:
    """Copies of one sample in place of all others change nothing."""
    for modality, fitted in subject.fitted.items():
        whole = sample_of(modality)
        rows = np.arange(SIZES["train"])
        rows[1::2] = 0
        moved = replace(
            whole,
            train=whole.train.take(rows),
            validation=whole.validation.take(np.zeros(SIZES["validation"], dtype=np.int64)),
            test=whole.test.take(np.zeros(SIZES["test"], dtype=np.int64)),
        )
        other = subject.fit(moved)
        with torch.no_grad():
            before = new_backbone(fitted)(fitted.train.batch(BATCH))
            after = new_backbone(other)(other.train.batch(BATCH))
        if before.shape != after.shape or not torch.allclose(before, after, atol=CLOSE):
            raise PropertyFailure(
                "features of the training rows change with samples that `fit` may not look at"
            )


def same_seed_same_features(subject: EncoderUnderTest) -> None:
    for modality, fitted in subject.fitted.items():
        again = subject.fit(sample_of(modality))
        with torch.no_grad():
            first, second = (new_backbone(each)(each.test.batch(BATCH)) for each in (fitted, again))
        if not torch.equal(first, second):
            raise PropertyFailure(
                "fitted twice and initialised by one seed, its features differ: draw from torch's global generator in "
                "`build`, from nothing in `fit`"
            )


def frozen_has_nothing_to_train(subject: EncoderUnderTest) -> None:
    for modality in sorted(subject.cls.modalities):
        fitted = subject.fit(sample_of(modality), **({} if subject.cls.fixed else {"frozen": True}))
        if not fitted.vectors:
            raise PropertyFailure("`Fitted.vectors` must be True, so that an adapter goes on top")
        if any(each.requires_grad for each in new_backbone(fitted).parameters()):
            raise PropertyFailure("its backbone has parameters to train")


def _inputs(fitted: Fitted, split: str) -> Inputs:
    found: Inputs = getattr(fitted, split)
    return found
