"""`conv`: a small convolutional network for small images, quick on one core."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from mlbench.datasets import Dataset
from mlbench.models.base import Backbone, Encoder, Fitted, register_encoder
from mlbench.models.images.augmentation import augment_images
from mlbench.models.images.pixels import image_inputs, prepare_pixels, to_unit
from mlbench.models.inputs import Batch
from mlbench.models.preparation import Preparation


@register_encoder("conv")
class SmallConvolutions(Encoder):
    """Four 3×3 convolutions, then the mean and the maximum over positions: an image encoder for a CPU.

    Each convolution with batch norm and ReLU, each but the last halving the side.
    Channels: width, 2·width, 4·width, 4·width; features M = 8·width. `size` is the side that images are
    resized to; where it is not given, images that all have one size keep it and others become 64.
    """

    modalities = {"image"}
    exports = True
    augmentations = {"flip", "crop", "randaugment", "cutout+randaugment"}
    train_defaults = {"epochs": 20, "batch_size": 64, "encoder_lr": 0.003, "head_lr": 0.003}

    def __init__(self, width: int = 16, size: int | None = None) -> None:
        self.width, self.size = width, size

    def fit(self, dataset: Dataset, rows: npt.NDArray[np.int64], cache: Path) -> Fitted:
        inputs = image_inputs(dataset, rows, self.size, cache)
        return Fitted(*inputs, build=lambda: _Convolutions(self.width))

    def preparation(self, dataset: Dataset, rows: npt.NDArray[np.int64], cache: Path) -> Preparation:
        return prepare_pixels(dataset, self.size)

    def bare(self, preparation: Preparation, folder: Path) -> Backbone:
        return _Convolutions(self.width)


class _Convolutions(Backbone):
    def __init__(self, width: int) -> None:
        super().__init__()
        channels = (3, width, 2 * width, 4 * width, 4 * width)
        layers: list[nn.Module] = []
        for before, after, stride in zip(channels, channels[1:], (2, 2, 2, 1), strict=False):
            layers += [
                nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(inplace=True),
            ]
        self.layers = nn.Sequential(*layers).to(memory_format=torch.channels_last)
        self.dim = 2 * channels[-1]

    def forward(self, batch: Batch) -> Tensor:
        images = (to_unit(batch[0]) * 2 - 1).contiguous(memory_format=torch.channels_last)
        maps = self.layers(images)
        return torch.cat([maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))], dim=1)

    def augment(self, batch: Batch, generator: torch.Generator, how: str) -> Batch:
        return augment_images(batch, generator, how)
