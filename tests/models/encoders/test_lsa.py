"""`lsa` and the tf-idf vectors that it shares with `bag`: fitted on the training rows alone, and once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from mlbench.datasets import Dataset
from mlbench.models.encoders.tfidf import fit_tfidf
from mlbench.registry import ENCODERS
from tests.training.cells import load

ROWS = np.arange(100)


def with_other_test_texts(data: Dataset) -> Dataset:
    texts = [text + " unheard of" for text in data.test.inputs]
    return replace(data, test=replace(data.test, inputs=texts), fingerprint="another")


@pytest.mark.parametrize("name", ["lsa", "bag"])
def test_only_the_training_rows_are_looked_at(name: str, tmp_path: Path) -> None:
    data = load("synthetic-topics")
    one = ENCODERS.build(name).fit(data, ROWS, tmp_path)
    other = ENCODERS.build(name).fit(with_other_test_texts(data), ROWS, tmp_path)
    everything = torch.arange(len(ROWS))
    for left, right in zip(one.train.batch(everything), other.train.batch(everything), strict=True):
        assert torch.equal(left, right)


def test_it_is_the_svd_of_scikit_learn(tmp_path: Path) -> None:
    data = load("synthetic-topics")
    fitted = ENCODERS.build("lsa", dimensions=20).fit(data, ROWS, tmp_path)
    texts = [data.train.inputs[row] for row in ROWS]
    tfidf = TfidfVectorizer(token_pattern=r"(?u)\w+|[^\w\s]", sublinear_tf=True, min_df=3)
    svd = TruncatedSVD(20, random_state=0)
    train = svd.fit_transform(tfidf.fit_transform(texts))
    test = svd.transform(tfidf.transform(data.test.inputs))
    expected = (test - train.mean(axis=0)) / np.sqrt(train.var(axis=0).mean())
    vectors = fitted.build()(fitted.test.batch(torch.arange(len(data.test))))
    np.testing.assert_allclose(vectors.numpy(), expected, rtol=1e-3, atol=1e-3)
    assert fitted.vectors


@pytest.mark.parametrize("name", ["lsa", "bag"])
def test_a_second_fit_reads_what_the_first_kept(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = load("synthetic-topics")
    first = ENCODERS.build(name).fit(data, ROWS, tmp_path)

    def refuse(*_: object) -> None:
        raise AssertionError("fitted again")

    monkeypatch.setattr(TfidfVectorizer, "fit_transform", refuse)
    second = ENCODERS.build(name).fit(data, ROWS, tmp_path)
    for split in ("train", "validation", "test"):
        left, right = getattr(first, split), getattr(second, split)
        for one, other in zip(left.batch(torch.arange(50)), right.batch(torch.arange(50)), strict=True):
            assert torch.equal(one, other)
    with pytest.raises(AssertionError, match="fitted again"):
        ENCODERS.build(name).fit(data, ROWS[:50], tmp_path)


def test_the_kept_matrices_are_those_that_were_fitted(tmp_path: Path) -> None:
    data = load("synthetic-topics")
    for _ in range(2):
        matrices, width = fit_tfidf(data, ROWS, tmp_path, min_count=2)
        for matrix, texts in zip(matrices, (ROWS, data.validation.inputs, data.test.inputs), strict=True):
            assert matrix.shape == (len(texts), width)
            np.testing.assert_allclose((matrix.multiply(matrix)).sum(axis=1), 1.0, rtol=1e-5)
