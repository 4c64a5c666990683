"""Positives that are hidden: a dataset as it would be, had its annotators missed some labels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mlbench.datasets.base import Dataset, Split
from mlbench.suite.hiding import Hiding

VERSION = 1
"""Raised when other positives would be hidden."""

Mask = npt.NDArray[np.bool_]


def hide(dataset: Dataset, hiding: Hiding) -> Dataset:
    """The dataset with positives of its training and validation rows hidden; the test split stays true.

    Which are hidden depends on the dataset alone: every loss and every seed meets the same ones, and those of a smaller
    share are among those of a larger one.
    """
    train, validation = (
        _hide(split, hiding, np.random.default_rng([31, stream]))
        for stream, split in enumerate((dataset.train, dataset.validation))
    )
    return replace(dataset, train=train, validation=validation)


def stamp_of(hiding: Hiding) -> list[Any]:
    """A JSON value that names what is hidden."""
    return ["hidden", VERSION, hiding.share, hiding.written]


def _hide(split: Split, hiding: Hiding, generator: np.random.Generator) -> Split:
    hidden = _drawn(split.targets.astype(bool), hiding, generator)
    unscored = np.zeros_like(hidden) if split.unscored is None else split.unscored & ~hidden
    if hiding.written == "unknown":
        unscored |= hidden
    return replace(
        split,
        targets=np.where(hidden, np.uint8(0), split.targets),
        unscored=unscored if unscored.any() else None,
    )


def _drawn(present: Mask, hiding: Hiding, generator: np.random.Generator) -> Mask:
    """Which of the positives are hidden, [N, L]."""
    order = np.where(present, generator.random(present.shape), 2.0)
    if isinstance(hiding.share, str):
        alone: Mask = order == order.min(axis=1, keepdims=True)
        return present & ~alone
    hidden = np.zeros(present.size, dtype=bool)
    hidden[np.argsort(order, axis=None)[: round(hiding.share * int(present.sum()))]] = True
    return hidden.reshape(present.shape)
