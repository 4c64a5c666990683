"""What a folder's own script does to samples is what training did to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mlbench.datasets import decode_images
from mlbench.export.standalone import Numbers, Pixels, Vocabulary, preparer
from mlbench.models.encoders.tfidf import fit_tfidf, prepare_words
from tests.training.cells import load


def test_words_weigh_as_scikit_learn_weighs_them(tmp_path: Path) -> None:
    dataset = load("synthetic-topics")
    rows = np.arange(0, len(dataset.train), 2)
    (_, _, test), width = fit_tfidf(dataset, rows, tmp_path, min_count=2)
    prepared = prepare_words(dataset, rows, 2)
    assert prepared.inverse is not None
    texts = [*dataset.test.inputs, "", "word that Nobody has, said?"]
    words, weights = Vocabulary(prepared.words, prepared.inverse.tolist()).prepare(texts)
    dense = torch.zeros(len(texts), width).scatter_add_(1, words, weights).numpy()
    np.testing.assert_allclose(dense[:-2], test.toarray(), atol=1e-6)
    assert not dense[-2].any()


def test_images_are_squashed_as_in_training(tmp_path: Path) -> None:
    import io

    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    file = tmp_path / "one.png"
    Image.fromarray(pixels).save(file)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    from mlbench.datasets import Split

    split = Split([stream.getvalue()], np.ones((1, 2), np.uint8), ["a"])
    import sys

    import mlbench.datasets.decoding

    sys.modules["decoding"] = mlbench.datasets.decoding
    try:
        (found,) = Pixels(16).prepare([file])
    finally:
        del sys.modules["decoding"]
    np.testing.assert_array_equal(found.numpy(), decode_images(split, 16))


def test_grey_arrays_are_three_equal_channels() -> None:
    grey = np.arange(16, dtype=np.uint8).reshape(1, 4, 4, 1)
    (found,) = Pixels(4).prepare(grey)
    assert found.shape == (1, 4, 4, 3)
    assert (found == torch.from_numpy(grey)).all()


@pytest.mark.parametrize("rows", [np.zeros((2, 3)), np.zeros(4)])
def test_vectors_of_another_length_are_refused(rows: np.ndarray) -> None:
    with pytest.raises(ValueError, match="rows of 4 numbers"):
        Numbers(4).prepare(rows)


def test_the_kind_of_inputs_decides(tmp_path: Path) -> None:
    assert isinstance(preparer({"kind": "features", "settings": {"dim": 3}}, tmp_path), Numbers)
    assert isinstance(preparer({"kind": "pixels", "settings": {"size": 3}}, tmp_path), Pixels)
