"""`lsa`: latent semantic analysis, tf-idf and a truncated SVD; then the adapter."""

from __future__ import annotations

import functools
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mlbench.datasets import Dataset
from mlbench.datasets.cache import Cache
from mlbench.models.base import Encoder, Fitted, register_encoder, rows_digest
from mlbench.models.encoders.tfidf import fit_tfidf
from mlbench.models.vectors import fitted_vectors


@register_encoder("lsa")
class LatentSemanticAnalysis(Encoder):
    """Latent semantic analysis: tf-idf, cut to its leading singular directions, then the adapter.

    The `dimensions` leading right singular directions of the training rows' tf-idf matrix (words that at
    least `min_count` of them hold), by scikit-learn's TruncatedSVD; each text's coordinates are its vector.
    Kept on disk by training rows, so that all losses read the same.
    """

    modalities = {"text"}
    fixed = True
    train_defaults = {"epochs": 20, "head_lr": 0.001}

    def __init__(self, dimensions: int = 512, min_count: int = 3) -> None:
        self.dimensions, self.min_count = dimensions, min_count

    def fit(self, dataset: Dataset, rows: npt.NDArray[np.int64], cache: Path) -> Fitted:
        @functools.cache
        def projected() -> tuple[npt.NDArray[np.float32], ...]:
            from sklearn.decomposition import TruncatedSVD

            matrices, words = fit_tfidf(dataset, rows, cache, min_count=self.min_count)
            dimensions = max(1, min(self.dimensions, words - 1, len(rows) - 1))
            svd = TruncatedSVD(dimensions, random_state=0).fit(matrices[0])
            return tuple(svd.transform(matrix).astype(np.float32) for matrix in matrices)

        key = {
            "lsa": self.dimensions,
            "min_count": self.min_count,
            "rows": rows_digest(rows),
            "data": dataset.fingerprint,
            "sklearn": version("scikit-learn"),
        }
        arrays = [
            Cache(cache).array({**key, "split": split}, lambda place=place: projected()[place])  # type: ignore[misc]
            for place, split in enumerate(dataset.splits)
        ]
        return fitted_vectors(arrays[0], arrays[1], arrays[2], per_feature=False)
