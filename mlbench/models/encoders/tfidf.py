"""tf-idf vectors of texts, fitted on the training rows alone."""

from __future__ import annotations

import functools
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mlbench.datasets import Dataset
from mlbench.datasets.cache import Cache
from mlbench.errors import DataError
from mlbench.models.base import rows_digest
from mlbench.models.preparation import Preparation


def fit_tfidf(
    dataset: Dataset, rows: npt.NDArray[np.int64], cache: Path, *, min_count: int
) -> tuple[tuple[Any, Any, Any], int]:
    """Sparse float32 matrices of train (`rows` alone), validation and test, rows of length 1, and their width.

    Terms are single lower-cased words and punctuation marks (a question mark says much) that at least
    `min_count` of the training texts hold; where no term is so frequent, all count. tf is 1 + log tf. Kept in
    the folder `cache` by (dataset, rows, min_count).
    """
    from scipy.sparse import csr_array

    key = {
        "tfidf": min_count,
        "rows": rows_digest(rows),
        "data": dataset.fingerprint,
        "sklearn": version("scikit-learn"),
    }

    @functools.cache
    def fitted() -> tuple[Any, Any, Any]:
        return _fit(dataset, rows, min_count)

    def part(place: int, split: str, name: str) -> npt.NDArray[Any]:
        """One of the three arrays of a split's matrix."""
        return Cache(cache).array(
            {**key, "split": split, "part": name}, lambda: getattr(fitted()[place], name)
        )

    width = int(Cache(cache).array({**key, "part": "width"}, lambda: np.array([fitted()[0].shape[1]]))[0])
    train, validation, test = (
        csr_array(
            (
                part(place, split, "data"),
                part(place, split, "indices"),
                starts := part(place, split, "indptr"),
            ),
            shape=(len(starts) - 1, width),
        )
        for place, split in enumerate(dataset.splits)
    )
    return (train, validation, test), width


def prepare_words(
    dataset: Dataset, rows: npt.NDArray[np.int64], min_count: int, **settings: Any
) -> Preparation:
    """The vocabulary and its weights, found anew: the matrices are worth keeping, these are quick. `settings` are what
    the encoder adds."""
    vectorizer, _ = _vectorizer(dataset, rows, min_count)
    words = vectorizer.get_feature_names_out().tolist()
    inverse = torch.from_numpy(vectorizer.idf_.astype(np.float32))
    return Preparation("words", {"words": len(words), **settings}, words=words, inverse=inverse)


def sum_words(words: Tensor, weights: Tensor, table: Tensor) -> Tensor:
    """Σ_t weight · table[word] of words and weights [B, T], as an exported model takes them; the weight of what fills
    up a row is 0. [B, W]."""
    return (weights.unsqueeze(1) @ table[words]).squeeze(1)


def _fit(dataset: Dataset, rows: npt.NDArray[np.int64], min_count: int) -> tuple[Any, Any, Any]:
    vectorizer, train = _vectorizer(dataset, rows, min_count)
    others = [vectorizer.transform(split.inputs) for split in (dataset.validation, dataset.test)]
    return train, others[0], others[1]


def _vectorizer(dataset: Dataset, rows: npt.NDArray[np.int64], min_count: int) -> tuple[Any, Any]:
    """scikit-learn's, fitted to the training texts, and their matrix."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = dataset.train.take(rows).inputs
    vectorizer = TfidfVectorizer(
        token_pattern=r"(?u)\w+|[^\w\s]", sublinear_tf=True, min_df=min_count, dtype=np.float32
    )
    try:
        train = vectorizer.fit_transform(texts)
    except ValueError:
        vectorizer.set_params(min_df=1)
        try:
            train = vectorizer.fit_transform(texts)
        except ValueError as error:
            raise DataError(
                f"dataset {dataset.name!r}: its {len(rows)} training texts hold no words"
            ) from error
    return vectorizer, train
