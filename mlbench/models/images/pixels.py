"""Images on their way to a backbone: kept as uint8, normalised on the device."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mlbench.datasets import Dataset, decode_images
from mlbench.datasets.cache import Cache
from mlbench.errors import ConfigError
from mlbench.models.inputs import Dense, InputRows, Inputs
from mlbench.models.preparation import Preparation
from mlbench.models.vectors import dense

SIZE = 64
"""The side that images are resized to where neither the encoder nor the data says otherwise."""


def image_inputs(
    dataset: Dataset, rows: npt.NDArray[np.int64], size: int | None, cache: Path
) -> tuple[Inputs, Inputs, Inputs]:
    """The images of train (`rows` alone), validation and test as uint8 [N, H, W, 3]."""
    train, validation, test = (split_images(dataset, name, size, cache) for name in dataset.splits)
    return InputRows(train, torch.from_numpy(rows)), validation, test


def split_images(dataset: Dataset, name: str, size: int | None, cache: Path) -> Dense:
    """One split's images, decoded and resized once per (dataset, size) and kept on disk: a memory map, whose
    pages all processes share. Without a size, images that come as arrays keep theirs."""
    split = dataset.splits[name]
    if isinstance(split.inputs, np.ndarray) and size in (None, split.inputs.shape[1]):
        return dense(split.inputs.astype(np.uint8, copy=False))
    side = size or SIZE
    key = {"images": side, "split": name, "data": dataset.fingerprint, "by": version("pillow")}

    def fill(out: npt.NDArray[np.uint8]) -> None:
        decode_images(split, side, out=out)

    return dense(Cache(cache).filled(key, (len(split), side, side, 3), np.uint8, fill))


def prepare_pixels(dataset: Dataset, size: int | None) -> Preparation:
    """What further images become beside those of `split_images`. Raises ConfigError for images that are not square."""
    images = dataset.train.inputs
    height, width = images.shape[1:3] if isinstance(images, np.ndarray) else (SIZE, SIZE)
    if size is None and height != width:
        raise ConfigError(
            f"dataset {dataset.name!r}: its images are {height} × {width}, and others are made square: a model of it "
            "cannot be exported; give the encoder a `size`"
        )
    return Preparation("pixels", {"size": size or height})


def to_unit(images: Tensor) -> Tensor:
    """uint8 [B, H, W, 1 or 3] as floats in [0, 1], [B, 3, H, W]; grey is three equal channels."""
    return images.permute(0, 3, 1, 2).expand(-1, 3, -1, -1).float() / 255
