"""`lsa`: latent semantic analysis, tf-idf and a truncated SVD; then the adapter."""

from __future__ import annotations

import functools
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mlbench.datasets import Dataset
from mlbench.datasets.cache import Cache
from mlbench.models.base import Backbone, Encoder, Fitted, register_encoder, rows_digest
from mlbench.models.encoders.tfidf import fit_tfidf, prepare_words, sum_words
from mlbench.models.inputs import Batch
from mlbench.models.preparation import Preparation
from mlbench.models.vectors import Fronted, bare_vectors, fitted_vectors


@register_encoder("lsa")
class LatentSemanticAnalysis(Encoder):
    """Latent semantic analysis: tf-idf, cut to its leading singular directions, then the adapter.

    The `dimensions` leading right singular directions of the training rows' tf-idf matrix (words that at
    least `min_count` of them hold), by scikit-learn's TruncatedSVD; each text's coordinates are its vector.
    Kept on disk by training rows, so that all losses read the same.
    """

    modalities = {"text"}
    fixed = True
    exports = True
    train_defaults = {"epochs": 20, "head_lr": 0.001}

    def __init__(self, dimensions: int = 512, min_count: int = 3) -> None:
        self.dimensions, self.min_count = dimensions, min_count

    def fit(self, dataset: Dataset, rows: npt.NDArray[np.int64], cache: Path) -> Fitted:
        @functools.cache
        def projected() -> tuple[npt.NDArray[np.float32], ...]:
            matrices, svd = self._decompose(dataset, rows, cache)
            Cache(cache).array({**key, "part": "components"}, lambda: svd.components_)
            return tuple(svd.transform(matrix).astype(np.float32) for matrix in matrices)

        key = self._key(dataset, rows)
        arrays = [
            Cache(cache).array({**key, "split": split}, lambda place=place: projected()[place])  # type: ignore[misc]
            for place, split in enumerate(dataset.splits)
        ]
        return fitted_vectors(arrays[0], arrays[1], arrays[2], per_feature=False)

    def preparation(self, dataset: Dataset, rows: npt.NDArray[np.int64], cache: Path) -> Preparation:
        components = Cache(cache).array(
            {**self._key(dataset, rows), "part": "components"},
            lambda: self._decompose(dataset, rows, cache)[1].components_,
        )
        prepared = prepare_words(dataset, rows, self.min_count, dimensions=len(components))
        directions = torch.from_numpy(np.ascontiguousarray(components.T, dtype=np.float32))
        return replace(prepared, tensors={"front.directions": directions})

    def bare(self, preparation: Preparation, folder: Path) -> Backbone:
        words, dimensions = preparation.settings["words"], preparation.settings["dimensions"]
        return Fronted(_Projection(words, dimensions), bare_vectors(dimensions))

    def _decompose(self, dataset: Dataset, rows: npt.NDArray[np.int64], cache: Path) -> tuple[Any, Any]:
        """The tf-idf matrices of the splits, and the decomposition of that of the training rows."""
        from sklearn.decomposition import TruncatedSVD

        matrices, words = fit_tfidf(dataset, rows, cache, min_count=self.min_count)
        dimensions = max(1, min(self.dimensions, words - 1, len(rows) - 1))
        return matrices, TruncatedSVD(dimensions, random_state=0).fit(matrices[0])

    def _key(self, dataset: Dataset, rows: npt.NDArray[np.int64]) -> dict[str, Any]:
        return {
            "lsa": self.dimensions,
            "min_count": self.min_count,
            "rows": rows_digest(rows),
            "data": dataset.fingerprint,
            "sklearn": version("scikit-learn"),
        }


class _Projection(Backbone):
    """Σ_w t_w C_w over a text's words w: its coordinates along the directions C [V, K]."""

    directions: Tensor

    def __init__(self, words: int, dimensions: int) -> None:
        super().__init__()
        self.dim = dimensions
        self.register_buffer("directions", torch.zeros(words, dimensions))

    def forward(self, batch: Batch) -> Tensor:
        words, weights = batch
        return sum_words(words, weights, self.directions)
