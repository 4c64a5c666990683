"""Vectors on their way to the adapter: standardised by the training rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from mlbench.models.adapter import Vectors
from mlbench.models.base import Fitted
from mlbench.models.inputs import Dense


def fitted_vectors(train: Any, validation: Any, test: Any, *, per_feature: bool) -> Fitted:
    """Arrays [N, D] as a Fitted encoder, minus the mean and over the standard deviation of `train`.

    With `per_feature` each column has its own deviation (measurements in units of their own), else all
    share one, so that the relative sizes that an encoder gave its outputs stay.
    """
    train = np.asarray(train, dtype=np.float32)
    mean = train.mean(axis=0)
    spread = train.std(axis=0) if per_feature else np.full_like(mean, np.sqrt(train.var(axis=0).mean()))
    spread[~(spread > 0)] = 1.0

    def standardise(values: Any) -> Dense:
        return Dense(torch.from_numpy((np.asarray(values, dtype=np.float32) - mean) / spread))

    dim = train.shape[1]
    return Fitted(
        standardise(train),
        standardise(validation),
        standardise(test),
        build=lambda: Vectors(dim),
        vectors=True,
    )
