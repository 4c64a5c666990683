"""`features`: the vectors are given; an adapter is trained on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from mlbench.datasets import Dataset
from mlbench.models.base import Backbone, Encoder, Fitted, register_encoder
from mlbench.models.preparation import Preparation
from mlbench.models.vectors import bare_vectors, fitted_vectors


@register_encoder("features")
class GivenFeatures(Encoder):
    """The dataset's own vectors, each column standardised by the training rows; the adapter is the backbone."""

    modalities = {"features"}
    fixed = True
    exports = True
    train_defaults = {"epochs": 30, "head_lr": 0.001}

    def __init__(self) -> None:
        pass

    def fit(self, dataset: Dataset, rows: npt.NDArray[np.int64], cache: Path) -> Fitted:
        train, validation, test = (
            np.asarray(split.inputs, dtype=np.float32)
            for split in (dataset.train, dataset.validation, dataset.test)
        )
        return fitted_vectors(train, validation, test, rows, per_feature=True)

    def preparation(self, dataset: Dataset, rows: npt.NDArray[np.int64], cache: Path) -> Preparation:
        return Preparation("features", {"dim": np.shape(dataset.train.inputs)[1]})

    def bare(self, preparation: Preparation, folder: Path) -> Backbone:
        return bare_vectors(preparation.settings["dim"])
