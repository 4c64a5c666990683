"""Vectors on their way to the adapter: standardised by the training rows, and left where they lie."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mlbench.models.base import Backbone, Fitted
from mlbench.models.inputs import Batch, Dense, InputRows

CHUNK = 8192
"""Rows that are looked at together."""


class Vectors(Backbone):
    """The backbone of vectors that are given, x ↦ (x − mean) / spread: there is nothing in it to train."""

    compiles = False
    mean: Tensor
    spread: Tensor

    def __init__(self, mean: npt.NDArray[np.float32], spread: npt.NDArray[np.float32]) -> None:
        super().__init__()
        self.dim = len(mean)
        self.register_buffer("mean", torch.from_numpy(mean), persistent=False)
        self.register_buffer("spread", torch.from_numpy(spread), persistent=False)

    def forward(self, batch: Batch) -> Tensor:
        return (batch[0].float() - self.mean) / self.spread


class Fronted(Backbone):
    """What gives the vectors, and then their standardisation: the whole way from a sample to the adapter.

    `half`: the vectors were kept in half precision, and are rounded as they were.
    """

    def __init__(self, front: Backbone, vectors: Vectors, half: bool = False) -> None:
        super().__init__()
        self.front, self.vectors, self.half_precision = front, vectors, half
        self.dim = vectors.dim

    def forward(self, batch: Batch) -> Tensor:
        given: Tensor = self.front(batch).float()
        if self.half_precision:
            largest = torch.finfo(torch.float16).max
            given = given.clamp(-largest, largest).half().float()
        standardised: Tensor = self.vectors((given,))
        return standardised


def bare_vectors(dim: int) -> Vectors:
    """Vectors of `dim` numbers, left as they are until a mean and a spread are put in."""
    return Vectors(np.zeros(dim, np.float32), np.ones(dim, np.float32))


def fitted_vectors(
    train: npt.NDArray[Any],
    validation: npt.NDArray[Any],
    test: npt.NDArray[Any],
    rows: npt.NDArray[np.int64] | None = None,
    *,
    per_feature: bool,
) -> Fitted:
    """Arrays [N, D] as a Fitted encoder, minus the mean and over the standard deviation of the training rows:
    `rows` of `train`, or all of it.

    With `per_feature` each column has its own deviation (measurements in units of their own), else all share
    one, so that the relative sizes that an encoder gave its outputs stay. No array is copied: memory maps stay
    maps, which all processes that read them share.
    """
    chosen = np.arange(len(train)) if rows is None else rows
    mean, variance = _moments(train, chosen)
    spread = np.sqrt(variance if per_feature else np.full_like(variance, variance.mean()))
    spread[~(spread > 0)] = 1.0
    centre, scale = mean.astype(np.float32), spread.astype(np.float32)
    return Fitted(
        InputRows(dense(train), torch.from_numpy(chosen)),
        dense(validation),
        dense(test),
        build=lambda: Vectors(centre, scale),
        vectors=True,
    )


def dense(values: npt.NDArray[Any]) -> Dense:
    """An array as inputs, without a copy unless it may not be written to, which torch has no word for."""
    return Dense(torch.from_numpy(np.require(values, requirements=["C", "W"])))


def _moments(
    values: npt.NDArray[Any], rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Mean and variance of each column over `rows`, in float64, a chunk of rows at a time."""
    chunks = [rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK)]
    total = sum(values[chunk].sum(axis=0, dtype=np.float64) for chunk in chunks)
    mean = np.asarray(total) / len(rows)
    squares = sum(np.square(values[chunk] - mean).sum(axis=0) for chunk in chunks)
    return mean, np.asarray(squares) / len(rows)
