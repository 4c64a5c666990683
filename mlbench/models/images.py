"""Images on their way to a trunk: kept as uint8, normalised on the device."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mlbench.datasets import Dataset, decode_images
from mlbench.datasets.cache import Cache
from mlbench.models.inputs import Dense

SIZE = 64
"""The side that images are resized to where neither the encoder nor the data says otherwise."""


def resident_images(
    dataset: Dataset, rows: npt.NDArray[np.int64], size: int | None, cache: Path
) -> tuple[Dense, Dense, Dense]:
    """The images of train (`rows` alone), validation and test as uint8 [N, H, W, 3]."""
    arrays = {name: split_array(dataset, name, size, cache) for name in dataset.splits}
    train = np.ascontiguousarray(arrays["train"][rows])
    return dense(train), dense(arrays["validation"]), dense(arrays["test"])


def split_array(dataset: Dataset, name: str, size: int | None, cache: Path) -> npt.NDArray[np.uint8]:
    """One split's images, decoded and resized once per (dataset, size) and kept on disk. Without a size,
    images that come as arrays keep theirs."""
    split = dataset.splits[name]
    if isinstance(split.inputs, np.ndarray) and size in (None, split.inputs.shape[1]):
        return split.inputs.astype(np.uint8, copy=False)
    side = size or SIZE
    key = {"images": side, "split": name, "data": dataset.fingerprint}

    def fill(out: npt.NDArray[np.uint8]) -> None:
        decode_images(split, side, out=out)

    return Cache(cache).filled(key, (len(split), side, side, 3), np.uint8, fill)


def dense(images: npt.NDArray[np.uint8]) -> Dense:
    """An array as resident inputs; a memory map is read into memory."""
    return Dense(torch.from_numpy(np.array(images)))


def to_unit(images: Tensor) -> Tensor:
    """uint8 [B, H, W, 1 or 3] as floats in [0, 1], [B, 3, H, W]; grey is three equal channels."""
    return images.permute(0, 3, 1, 2).expand(-1, 3, -1, -1).float() / 255
