"""Changed copies of training images: uint8 batches [B, H, W, C], wherever they lie.

Every draw comes from a generator on the CPU, so that a batch is changed alike on all devices; what is drawn
goes to the device without waiting for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional

from mlbench.models.inputs import Batch
from mlbench.models.prefetch import sent_to

Change = Callable[[Tensor, torch.Generator], Tensor]

CUTOUT = 0.5
"""The side of the square that is cut out, as a share of the image's."""


def augment_images(batch: Batch, generator: torch.Generator, how: str) -> Batch:
    """The batch changed as the protocol's `augmentation` says: the changes of AUGMENTATIONS[how], in order."""
    (images,) = batch
    for change in AUGMENTATIONS[how]:
        images = change(images, generator)
    return (images,)


def mirror(images: Tensor, generator: torch.Generator) -> Tensor:
    """Half of the images, left and right exchanged."""
    mirrored = torch.rand(len(images), generator=generator) < 0.5
    return torch.where(sent_to(images, mirrored)[:, None, None, None], images.flip(2), images)


def shift(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image moved by up to an eighth of its side, up or down and left or right, zeros moving in."""
    count, height, width, _ = images.shape
    reach = max(1, height // 8)
    padded = functional.pad(images, (0, 0, reach, reach, reach, reach))
    down, right = sent_to(images, torch.randint(0, 2 * reach + 1, (2, count), generator=generator))
    rows = down[:, None] + torch.arange(height, device=images.device)
    columns = right[:, None] + torch.arange(width, device=images.device)
    index = torch.arange(count, device=images.device)
    return padded[index[:, None, None], rows[:, :, None], columns[:, None, :]]


def cutout(images: Tensor, generator: torch.Generator) -> Tensor:
    """A rectangle of half the sides, centred anywhere in the image, painted in a colour drawn at random.

    DeVries and Taylor 2017 (arXiv 1708.04552) paint it grey; the colour, and that the part beyond the edge is
    lost, are as in the released code of ASL and KMCL.
    """
    count, height, width, channels = images.shape
    centre = [torch.randint(0, side, (count, 1), generator=generator) for side in (height, width)]
    colour = torch.randint(0, 256, (count, 1, 1, channels), generator=generator, dtype=torch.uint8)
    rows, columns = (
        (torch.arange(side) - middle).abs() <= int(CUTOUT * side + 0.5) // 2
        for side, middle in zip((height, width), centre, strict=True)
    )
    hole = (rows[:, :, None] & columns[:, None, :])[..., None]
    return torch.where(sent_to(images, hole), sent_to(images, colour), images)


def randaugment(images: Tensor, generator: torch.Generator) -> Tensor:
    """RandAugment, 2 operations at magnitude 9; loaded when first used, since torchvision takes a second."""
    from mlbench.models.images import randaugment as loaded

    return loaded.randaugment(images, generator)


AUGMENTATIONS: Mapping[str, tuple[Change, ...]] = {
    "flip": (mirror,),
    "crop": (mirror, shift),
    "randaugment": (randaugment,),
    "cutout+randaugment": (cutout, randaugment),
}
"""What a protocol's `augmentation` does to images. The two of published recipes mirror nothing, as published."""
