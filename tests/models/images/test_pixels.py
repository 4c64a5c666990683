"""Images are decoded once and read where they lie."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import torch

from mlbench.models.images.pixels import image_inputs, split_images
from mlbench.models.inputs import Dense, InputRows
from tests.training.cells import load


def test_decoded_images_stay_in_their_file(tmp_path: Path) -> None:
    """Nothing is copied, for training rows neither; and writing changes no file."""
    data, rows = load("digit-scenes"), np.array([5, 3, 8])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train, validation, _ = image_inputs(data, rows, 24, tmp_path)
    files = {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in tmp_path.glob("*.npy")}
    assert len(files) == 3
    maps = [line for line in Path("/proc/self/maps").read_text().splitlines() if str(tmp_path) in line]
    assert len(maps) >= 3
    assert isinstance(train, InputRows)
    assert isinstance(train.whole, Dense)
    assert len(train.whole) == len(data.train)
    everything = split_images(data, "train", 24, tmp_path)
    (batch,) = train.batch(torch.tensor([0, 1, 2, 1]))
    assert torch.equal(batch, everything.values[torch.tensor([5, 3, 8, 3])])
    train.whole.values.zero_()
    assert {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in files} == files
    assert torch.equal(split_images(data, "train", 24, tmp_path).values, everything.values)
    assert len(validation) == len(data.validation)


def test_images_that_come_as_an_array_are_not_copied(tmp_path: Path) -> None:
    data = load("digit-scenes")
    assert isinstance(data.train.inputs, np.ndarray)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train, _, _ = image_inputs(data, np.arange(4), None, tmp_path)
    assert not list(tmp_path.iterdir())
    assert isinstance(train, InputRows)
    assert isinstance(train.whole, Dense)
    assert train.whole.values.data_ptr() == data.train.inputs.__array_interface__["data"][0]
