"""Augmentation of images on a GPU: the host waits for none of what it sends there."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from mlbench.models.images import image_operations
from mlbench.models.images.augmentation import AUGMENTATIONS, augment_images
from tests.models.pretended import PretendGpu


@pytest.fixture
def gpu() -> Iterator[PretendGpu]:
    """A pretended GPU, of which nothing stays in what is kept for each device."""
    kept: list[Any] = [
        each
        for _, each in inspect.getmembers(image_operations)
        if isinstance(each, functools._lru_cache_wrapper)
    ]
    for each in kept:
        each.cache_clear()
    yield PretendGpu()
    for each in kept:
        each.cache_clear()


@pytest.mark.parametrize("channels", [3, 1])
@pytest.mark.parametrize("how", sorted(AUGMENTATIONS))
def test_no_augmentation_waits_for_a_gpu(how: str, channels: int, gpu: PretendGpu) -> None:
    with gpu:
        # What is kept on the device is made once, and may be waited for: 200 images draw every operation.
        augment_images((gpu.images(200, channels),), torch.Generator().manual_seed(0), how)
        gpu.waits.clear()
        gpu.copies = 0
        (changed,) = augment_images((gpu.images(200, channels),), torch.Generator().manual_seed(0), how)
    assert changed.is_cuda
    assert changed.shape == (200, 24, 20, channels)
    assert gpu.copies > 0
    assert not gpu.waits


def test_a_copy_that_is_waited_for_is_seen(gpu: PretendGpu) -> None:
    with gpu:
        device = gpu.images(1).device
        torch.zeros(3).to(device)
        torch.zeros(3).to(device, non_blocking=True)
        torch.zeros(3).pin_memory().to(device)
        assert len(gpu.waits) == gpu.copies == 3
        torch.zeros(3).pin_memory().to(device, non_blocking=True)
    assert len(gpu.waits) == 3
    assert gpu.copies == 4
