"""Images on their way through a network, each choice against its alternative in the same run.

    OMP_NUM_THREADS=1 pytest tests/benchmarks/test_vision.py -s -m slow

prints the ratios; run it alone. Both sides take turns, so that a busy moment hits both.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import timm
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torch import nn
from torchvision.transforms import v2

from mlbench.models.encoders.conv import _Convolutions
from mlbench.models.images.randaugment import randaugment
from mlbench.models.pretrained.memory_format import is_convolutional

pytestmark = pytest.mark.slow

BATCH, SIZE, ROUNDS = 32, 64, 9
MODELS = ["resnet18", "convnext_atto", "mobilenetv3_small_100", "vit_tiny_patch16_224"]


def race(benchmark: BenchmarkFixture, ours: Callable[[], Any], theirs: Callable[[], Any]) -> float:
    """Seconds of `theirs` over those of `ours`, the best of ROUNDS turns each; printed and kept."""
    seconds: list[float] = []

    def other() -> None:
        started = time.perf_counter()
        theirs()
        seconds.append(time.perf_counter() - started)

    theirs()
    benchmark.pedantic(ours, setup=other, rounds=ROUNDS, warmup_rounds=1)
    ratio = min(seconds) / float(benchmark.stats.stats.min)
    benchmark.extra_info["times faster"] = ratio
    print(f"\n{benchmark.name}: {1e3 * min(seconds) / ratio:.1f} ms, {ratio:.2f} times faster")
    return ratio


def pass_both_ways(network: nn.Module, images: torch.Tensor) -> None:
    """Forward and backward."""
    network(images).square().mean().backward()
    network.zero_grad()


@pytest.mark.parametrize("name", MODELS)
def test_channels_last(benchmark: BenchmarkFixture, name: str) -> None:
    """Channels last against channels first; no faster where the rule leaves them first."""
    options = {"img_size": SIZE} if name.startswith("vit") else {}
    first, last = (timm.create_model(name, num_classes=0, **options) for _ in range(2))
    last.to(memory_format=torch.channels_last)
    images = torch.rand(BATCH, 3, SIZE, SIZE)
    turned = images.contiguous(memory_format=torch.channels_last)
    race(benchmark, lambda: pass_both_ways(last, turned), lambda: pass_both_ways(first, images))
    print(f"  channels last by the rule: {is_convolutional(first)}")


def test_channels_last_in_the_small_convolutions(benchmark: BenchmarkFixture) -> None:
    first, last = _Convolutions(16).layers, _Convolutions(16).layers
    last.to(memory_format=torch.channels_last)
    images = torch.rand(64, 3, 48, 48)
    turned = images.contiguous(memory_format=torch.channels_last)
    race(benchmark, lambda: pass_both_ways(last, turned), lambda: pass_both_ways(first, images))


@pytest.mark.parametrize(("count", "size"), [(64, 64), (128, 64), (64, 224)])
def test_randaugment_on_a_batch(benchmark: BenchmarkFixture, count: int, size: int) -> None:
    """Against torchvision's transform image by image; wanted: 3 times at 64 images of 64 pixels."""
    images = torch.randint(0, 256, (count, size, size, 3), dtype=torch.uint8)
    each = [image.permute(2, 0, 1).contiguous() for image in images]
    generator, transform = torch.Generator().manual_seed(0), v2.RandAugment(num_ops=2, magnitude=9)
    ratio = race(
        benchmark,
        lambda: randaugment(images, generator),
        lambda: torch.stack([transform(image) for image in each]),
    )
    if (count, size) == (64, 64):
        assert ratio > 3
