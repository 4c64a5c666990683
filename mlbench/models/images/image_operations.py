"""The operations of RandAugment, each on a batch of uint8 images [B, C, H, W] at once."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad
from torchvision.transforms.v2 import functional

MAGNITUDE, BINS = 9, 31
"""How strong: this of so many equal steps from nothing to an operation's most."""


@dataclass(frozen=True)
class Operation:
    """`change` of images by `magnitude`; where `signed`, half of the images get it with a minus."""

    change: Callable[[Tensor, float], Tensor]
    magnitude: float = 0.0
    signed: bool = False


@functools.cache
def _step(most: float, least: float = 0.0) -> float:
    """The magnitude: step MAGNITUDE of BINS from `least` to `most`, rounded to float32 as torchvision does."""
    return float(torch.linspace(least, most, BINS)[MAGNITUDE])


def _sheared(images: Tensor, across: float = 0.0, down: float = 0.0) -> Tensor:
    """Rows moved across, or columns down, by so much of a pixel for each that they are from the corner."""
    return _taken(images, (0.0, math.degrees(math.atan(across)), math.degrees(math.atan(down))))


def _taken(images: Tensor, affine: tuple[float, float, float]) -> Tensor:
    """Every pixel from where it comes from, zeros from outside. Taking the nearest pixel moves whole bytes, so
    the places are worked out once, on the CPU, and need no floating-point copy of each batch."""
    places = _sources(affine, images.shape[-2], images.shape[-1], images.device)
    flat = pad(images.flatten(2), (1, 0))
    return flat.gather(2, places.expand(*flat.shape[:2], -1)).view(images.shape)


@functools.lru_cache(maxsize=64)
def _sources(affine: tuple[float, float, float], height: int, width: int, device: torch.device) -> Tensor:
    """For each pixel after a rotation about the centre or a shear from the corner, in degrees: the place that
    it comes from, counted from 1, or 0 where that is outside; int64 [H · W]."""
    angle, *shear = affine
    places = torch.arange(1.0, height * width + 1).view(1, 1, height, width)
    centre = None if angle else [0, 0]
    moved: Tensor = functional.affine(places, angle, [0, 0], 1.0, shear, center=centre)
    return moved.long().flatten().to(device)


def _moved(images: Tensor, right: float = 0.0, down: float = 0.0) -> Tensor:
    """By whole pixels, `right` and `down` being the signs of the step towards 150/331 of the side: a crop that
    begins outside the image, many times faster than an affine map."""
    height, width = images.shape[-2:]
    left, top = (int(sign * _step(150.0 / 331.0 * side)) for sign, side in ((right, width), (down, height)))
    moved: Tensor = functional.crop(images, -top, -left, height, width)
    return moved


def _sharpened(images: Tensor, factor: float) -> Tensor:
    """What torchvision's adjust_sharpness computes, which sends its kernel to the device at every call and waits for
    it. The one convolution; with the channels last in memory it takes a third of the time."""
    channels, height, width = images.shape[-3:]
    if min(height, width) <= 2:
        return images
    sharp = images.contiguous(memory_format=torch.channels_last).float()
    smooth = conv2d(sharp, _smoothing(channels, images.device), groups=channels).round_()
    inside = sharp[..., 1:-1, 1:-1]
    inside.add_(smooth.sub_(inside), alpha=1.0 - factor)
    return sharp.clamp_(0, 255).to(torch.uint8)


@functools.cache
def _smoothing(channels: int, device: torch.device) -> Tensor:
    """The mean of a pixel and its eight neighbours, the pixel five times; float32 [channels, 1, 3, 3]."""
    kernel = torch.full((3, 3), 1.0 / 13.0)
    kernel[1, 1] = 5.0 / 13.0
    return kernel.to(device).expand(channels, 1, 3, 3)


def _solarized(images: Tensor, threshold: int) -> Tensor:
    """Values from the threshold on inverted, which for bytes is an exclusive or with 255."""
    return images ^ (images >= threshold).to(torch.uint8).mul_(255)


OPERATIONS: Mapping[str, Operation] = {
    "Identity": Operation(lambda images, _: images),
    "ShearX": Operation(lambda images, m: _sheared(images, across=m), _step(0.3), signed=True),
    "ShearY": Operation(lambda images, m: _sheared(images, down=m), _step(0.3), signed=True),
    "TranslateX": Operation(lambda images, m: _moved(images, right=m), 1.0, signed=True),
    "TranslateY": Operation(lambda images, m: _moved(images, down=m), 1.0, signed=True),
    "Rotate": Operation(lambda images, m: _taken(images, (-m, 0.0, 0.0)), _step(30.0), signed=True),
    "Brightness": Operation(
        lambda images, m: functional.adjust_brightness(images, 1.0 + m), _step(0.9), signed=True
    ),
    "Color": Operation(
        lambda images, m: functional.adjust_saturation(images, 1.0 + m), _step(0.9), signed=True
    ),
    "Contrast": Operation(
        lambda images, m: functional.adjust_contrast(images, 1.0 + m), _step(0.9), signed=True
    ),
    "Sharpness": Operation(lambda images, m: _sharpened(images, 1.0 + m), _step(0.9), signed=True),
    "Posterize": Operation(
        lambda images, m: functional.posterize(images, int(m)), 8 - round(MAGNITUDE / ((BINS - 1) / 4))
    ),
    "Solarize": Operation(lambda images, m: _solarized(images, math.ceil(255 * m)), _step(0.0, least=1.0)),
    "AutoContrast": Operation(lambda images, _: functional.autocontrast(images)),
    "Equalize": Operation(lambda images, _: functional.equalize(images)),
}
"""The operations by torchvision's names for them, with its magnitudes."""
