"""tf-idf vectors of texts, fitted on the training rows alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mlbench.datasets import Dataset
from mlbench.errors import DataError


def fit_tfidf(
    dataset: Dataset, rows: npt.NDArray[np.int64], *, min_count: int
) -> tuple[tuple[Any, Any, Any], int]:
    """Sparse float32 matrices of train (`rows` alone), validation and test, rows of length 1, and their width.

    Terms are single lower-cased words and punctuation marks (a question mark says much) that at least
    `min_count` of the training texts hold; where no term is so frequent, all count. tf is 1 + log tf.
    """
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
    others = [vectorizer.transform(split.inputs) for split in (dataset.validation, dataset.test)]
    return (train, others[0], others[1]), train.shape[1]
