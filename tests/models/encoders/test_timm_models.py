"""Vision encoders of timm: what the bare network computes, in whatever order its images lie in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from timm.models import is_model, list_models

from mlbench.errors import ConfigError
from mlbench.models.base import Backbone
from mlbench.models.pretrained.memory_format import is_convolutional
from mlbench.models.pretrained.timm_names import check_options, timm_models
from mlbench.registry import ENCODERS
from tests.training.cells import load

ROWS = np.arange(8)
CHOSEN = torch.arange(8)


def build(tmp_path: Path, model: str, **options: Any) -> tuple[Backbone, Any]:
    """A backbone of random weights, and the batch of the first rows."""
    encoder = ENCODERS.build("timm", model=model, pretrained=False, **{"size": 32, **options})
    fitted = encoder.fit(load("digit-scenes"), ROWS, tmp_path)
    torch.manual_seed(0)
    return fitted.build().eval(), fitted.train.batch(CHOSEN)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("resnet18", True),
        ("convnext_atto", True),
        ("convnext_tiny", True),
        ("mobilenetv3_small_100", True),
        ("vit_tiny_patch16_224", False),
        ("mixer_s16_224", False),
    ],
)
def test_channels_come_last_where_convolutions_do_the_work(model: str, expected: bool) -> None:
    with torch.device("meta"):
        assert is_convolutional(timm.create_model(model, num_classes=0)) == expected


@pytest.mark.parametrize("model", ["test_resnet", "test_efficientnet", "test_vit"])
def test_features_are_those_of_the_bare_network(model: str, tmp_path: Path) -> None:
    backbone, batch = build(tmp_path, model)
    torch.manual_seed(0)
    options = {"img_size": 32} if "vit" in model else {}
    network = timm.create_model(model, num_classes=0, **options).eval()
    config = network.pretrained_cfg
    mean, std = (torch.tensor(config[key]).view(1, 3, 1, 1) for key in ("mean", "std"))
    images = (batch[0].permute(0, 3, 1, 2).float() / 255).contiguous()
    with torch.no_grad():
        torch.testing.assert_close(backbone(batch), network((images - mean) / std), rtol=1e-4, atol=1e-4)
        assert backbone(batch).shape == (8, backbone.dim)
    kernels = [
        parameter for parameter in backbone.parameters() if parameter.ndim == 4 and parameter.shape[2] > 1
    ]
    last = [kernel.is_contiguous(memory_format=torch.channels_last) for kernel in kernels]
    assert all(last) == (model != "test_vit")


@pytest.mark.parametrize("model", ["test_resnet", "test_vit"])
def test_every_parameter_has_a_depth_and_the_stem_is_first(model: str, tmp_path: Path) -> None:
    backbone, _ = build(tmp_path, model)
    layers = backbone.parameters_by_depth()
    names = {id(parameter): name for name, parameter in backbone.named_parameters()}
    listed = [id(parameter) for layer in layers for parameter in layer]
    assert sorted(listed) == sorted(names)
    assert len(layers) > 3
    assert any("conv1" in names[id(each)] or "patch_embed" in names[id(each)] for each in layers[0])


@pytest.mark.parametrize("model", ["test_resnet", "test_vit"])
def test_checkpointed_gradients_are_the_same(model: str, tmp_path: Path) -> None:
    def gradients(checkpointed: bool) -> list[torch.Tensor]:
        backbone, batch = build(tmp_path, model)
        backbone.train()
        if checkpointed:
            backbone.checkpoint_gradients()
        backbone(batch).square().sum().backward()
        return [parameter.grad for parameter in backbone.parameters() if parameter.grad is not None]

    plain, checkpointed = gradients(False), gradients(True)
    assert len(plain) == len(checkpointed) > 10
    for one, other in zip(plain, checkpointed, strict=True):
        torch.testing.assert_close(one, other)


def test_names_are_known_without_timm() -> None:
    known = timm_models()
    assert set(list_models()) <= known
    assert all(is_model(name) for name in known)


@pytest.mark.parametrize(
    ("model", "size", "message"),
    [
        ("resnet51", None, r"'timm:resnet51': no such model; did you mean 'resnet5"),
        ("resnet18.a1_in1k", 8, ""),
        ("vit_tiny_patch16_224", None, ""),
        ("vit_tiny_patch16_224", 16, ""),
        ("vit_tiny_patch16_224", 12, r"12 × 12 pixels are smaller than its patches of 16 × 16"),
        ("swin_tiny_patch4_window7_224", 2, r"give it a `size` of at least 4"),
    ],
)
def test_options_are_checked_without_timm(model: str, size: int | None, message: str) -> None:
    options = {"model": model, "size": size}
    if not message:
        check_options(options)
        return
    with pytest.raises(ConfigError, match=message):
        check_options(options)


def test_images_smaller_than_patches_that_the_name_does_not_tell(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="8 × 8 pixels are smaller than its patches of 16 × 16"):
        build(tmp_path, "test_vit", size=8)
