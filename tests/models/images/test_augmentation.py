"""Augmentation on batches is what it would be image by image, and what torchvision and PIL make of one image."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torchvision.transforms import v2

from mlbench.models.images.augmentation import AUGMENTATIONS, augment_images, cutout
from mlbench.models.images.image_operations import OPERATIONS
from mlbench.models.images.randaugment import LAYERS, _apply, _draw, randaugment
from mlbench.registry import ENCODERS

HOWS = sorted(AUGMENTATIONS)
SIZES = [(32, 32), (33, 47)]


def pictures(count: int, size: tuple[int, int] = (32, 32), channels: int = 3, seed: int = 0) -> Tensor:
    """Smooth images, as photographs are, with flat and saturated parts; uint8 [count, H, W, C]."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, channels, 5, 5, generator=generator) * 400 - 70
    smooth = torch.nn.functional.interpolate(coarse, size, mode="bicubic")
    return smooth.clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)


def by_torchvision(image: Tensor, name: str, minus: bool) -> Tensor:
    """What torchvision's transform does to one image [H, W, C] where it draws this operation and sign."""
    transform = v2.RandAugment(num_ops=2, magnitude=9)
    magnitudes = transform._AUGMENTATION_SPACE[name][0](transform.num_magnitude_bins, *image.shape[:2])
    magnitude = 0.0 if magnitudes is None else float(magnitudes[transform.magnitude])
    changed: Tensor = transform._apply_image_or_video_transform(
        image.permute(2, 0, 1),
        name,
        -magnitude if minus else magnitude,
        interpolation=transform.interpolation,
        fill=transform._fill,
    )
    return changed.permute(1, 2, 0)


def test_the_operations_are_those_of_torchvision() -> None:
    space = v2.RandAugment()._AUGMENTATION_SPACE
    assert {name: operation.signed for name, operation in OPERATIONS.items()} == {
        name: signed for name, (_, signed) in space.items()
    }


@pytest.mark.parametrize("channels", [3, 1])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", list(OPERATIONS))
def test_each_operation_is_that_of_torchvision(name: str, size: tuple[int, int], channels: int) -> None:
    images = pictures(4, size, channels)
    for minus in (False, True) if OPERATIONS[name].signed else (False,):
        kind = 2 * list(OPERATIONS).index(name) + minus
        changed = _apply(kind, images.permute(0, 3, 1, 2).contiguous()).permute(0, 2, 3, 1)
        for image, ours in zip(images, changed, strict=True):
            assert torch.equal(ours, by_torchvision(image, name, minus))


def test_randaugment_is_torchvisions_image_by_image() -> None:
    images = pictures(40)
    changed = randaugment(images, torch.Generator().manual_seed(3))
    generator = torch.Generator().manual_seed(3)
    drawn = [_draw(len(images), generator) for _ in range(LAYERS)]
    for row, image in enumerate(images):
        expected = image
        for layer in drawn:
            place, minus = divmod(int(layer[row]), 2)
            expected = by_torchvision(expected, list(OPERATIONS)[place], bool(minus))
        assert torch.equal(changed[row], expected), row


def test_operations_are_drawn_evenly_and_half_of_the_signed_ones_are_minus() -> None:
    drawn = _draw(14_000, torch.Generator().manual_seed(0))
    counts = torch.bincount(drawn // 2, minlength=14)
    assert counts.min() > 850
    assert counts.max() < 1150
    for place, operation in enumerate(OPERATIONS.values()):
        share = float((drawn[drawn // 2 == place] % 2).float().mean())
        assert share == pytest.approx(0.5, abs=0.06) if operation.signed else share == 0


def test_cutout_paints_the_rectangle_that_pil_paints() -> None:
    height, width = 20, 13
    images = pictures(60, (height, width))
    changed = cutout(images, torch.Generator().manual_seed(1))
    generator = torch.Generator().manual_seed(1)
    down, right = (torch.randint(0, side, (60, 1), generator=generator)[:, 0] for side in (height, width))
    colours = torch.randint(0, 256, (60, 3), generator=generator, dtype=torch.uint8)
    for row, image in enumerate(images):
        picture = Image.fromarray(image.numpy())
        y, x, tall, wide = int(down[row]), int(right[row]), int(0.5 * height + 0.5), int(0.5 * width + 0.5)
        corners = [
            *(max(0, x - wide // 2), max(0, y - tall // 2)),
            *(min(width, x + wide // 2), min(height, y + tall // 2)),
        ]
        ImageDraw.Draw(picture).rectangle(corners, fill=tuple(colours[row].tolist()))
        np.testing.assert_array_equal(changed[row].numpy(), np.asarray(picture), err_msg=str(row))


@pytest.mark.parametrize("channels", [3, 1])
@pytest.mark.parametrize("count", [1, 17])
@pytest.mark.parametrize("how", HOWS)
def test_shape_and_kind_stay_and_the_generator_decides(how: str, count: int, channels: int) -> None:
    images = pictures(count, (31, 24), channels)
    before = images.clone()

    def changed(seed: int) -> Tensor:
        return augment_images((images,), torch.Generator().manual_seed(seed), how)[0]

    assert changed(0).shape == images.shape
    assert changed(0).dtype == torch.uint8
    assert torch.equal(changed(0), changed(0))
    assert any(not torch.equal(changed(0), changed(seed)) for seed in range(1, 9))
    assert torch.equal(images, before), "the batch that was given stays as it was"


@pytest.mark.parametrize("how", HOWS)
def test_an_image_is_changed_alike_whatever_its_neighbours(how: str) -> None:
    images, others = pictures(12), pictures(12, seed=1)
    alone = augment_images((images,), torch.Generator().manual_seed(5), how)[0]
    for row in range(12):
        mixed = others.clone()
        mixed[row] = images[row]
        changed = augment_images((mixed,), torch.Generator().manual_seed(5), how)[0]
        assert torch.equal(changed[row], alone[row])


@pytest.mark.parametrize("how", HOWS)
def test_augmentation_leaves_the_global_generators_alone(how: str) -> None:
    before = torch.random.get_rng_state()
    augment_images((pictures(9),), torch.Generator().manual_seed(0), how)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("encoder", ["conv", "timm"])
def test_encoders_of_images_declare_what_there_is(encoder: str) -> None:
    assert ENCODERS.describe(encoder).attributes["augmentations"] == set(AUGMENTATIONS)
