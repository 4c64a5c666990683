"""`bag`: a text as the sum of its words' vectors, weighted by tf-idf; it trains on one core in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from mlbench.datasets import Dataset
from mlbench.models.base import Backbone, Encoder, Fitted, register_encoder
from mlbench.models.encoders.normalised_sgd import NormalisedSGD
from mlbench.models.encoders.tfidf import fit_tfidf, prepare_words, sum_words
from mlbench.models.inputs import Bags, Batch
from mlbench.models.preparation import Preparation


@register_encoder("bag")
class BagOfWords(Encoder):
    """Words, tf-idf weights, one embedding table: a text encoder for a laptop's CPU.

    f = ReLU(LayerNorm(Σ_w t_w E_w)) over the words and punctuation marks w of the text; t is its tf-idf vector
    of length 1 over those that at least `min_count` training texts hold; E [V, width] starts normal with
    standard deviation 0.01. The table has an optimiser of its own, NormalisedSGD at `learning_rate`: Adam and
    Adagrad take full steps on rare words and memorise the training set through them. The norm makes the sum's
    length, which the table's small start decides, play no part; without it the same table learns far less.
    """

    modalities = {"text"}
    exports = True
    optimiser = "SGD on its word vectors, over a running mean of the norm of the whole table's gradient"
    train_defaults = {"epochs": 10, "batch_size": 128, "head_lr": 0.003, "queue": 2048}

    def __init__(self, width: int = 256, min_count: int = 3, learning_rate: float = 2.0) -> None:
        self.width, self.min_count, self.learning_rate = width, min_count, learning_rate

    def fit(self, dataset: Dataset, rows: npt.NDArray[np.int64], cache: Path) -> Fitted:
        matrices, words = fit_tfidf(dataset, rows, cache, min_count=self.min_count)
        train, validation, test = (_bags(matrix) for matrix in matrices)
        return Fitted(train, validation, test, build=lambda: _Table(words, self.width, self.learning_rate))

    def preparation(self, dataset: Dataset, rows: npt.NDArray[np.int64], cache: Path) -> Preparation:
        return prepare_words(dataset, rows, self.min_count)

    def bare(self, preparation: Preparation, folder: Path) -> Backbone:
        return _Table(preparation.settings["words"], self.width, self.learning_rate)


class _Table(Backbone):
    compiles = False  # PyTorch compiles no sparse gradients

    def __init__(self, words: int, width: int, learning_rate: float) -> None:
        super().__init__()
        self.dim, self.learning_rate = width, learning_rate
        self.table = nn.Parameter(torch.randn(words, width) * 0.01)
        self.norm = nn.LayerNorm(width)

    def forward(self, batch: Batch) -> Tensor:
        if len(batch) == 2:
            summed = sum_words(*batch, self.table)
        else:
            words, weights, offsets = batch
            summed = functional.embedding_bag(
                words, self.table, offsets, mode="sum", sparse=True, per_sample_weights=weights
            )
        features: Tensor = self.norm(summed).relu()
        return features

    def own_optimiser(self) -> torch.optim.Optimizer:
        return NormalisedSGD([self.table], lr=self.learning_rate)


def _bags(matrix: Any) -> Bags:
    return Bags(
        torch.from_numpy(matrix.indptr.astype(np.int64)),
        torch.from_numpy(matrix.indices.astype(np.int64)),
        torch.from_numpy(matrix.data.astype(np.float32)),
    )
