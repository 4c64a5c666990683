"""The same network as timm and transformers know it: a model with its own classifier, to be trained further there.

Possible where the network ends as theirs do, in a linear map of the same features. That is tried and not assumed: the
weights are put into a model of the library, and only one that gives the same logits is written.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from mlbench.models.deployed import Deployed
from mlbench.models.encoders.timm_models import TimmBackbone
from mlbench.models.encoders.transformers_models import TextBackbone
from mlbench.models.preparation import Preparation

SMALL = 2.0**-14
"""tanh of so small a multiple of a hidden state is that multiple, to the last bits of float32: so a layer of tanh,
which some heads begin with, is passed unchanged."""
EQUAL = 1e-4
"""Of logits, relative to the largest one or to 1: two networks that differ by less are the same."""


class NotNativeError(Exception):
    """Why a network has no counterpart in its library; the message is for the README."""


def write_native(
    network: Deployed,
    preparation: Preparation,
    labels: Sequence[str],
    inputs: tuple[Tensor, ...],
    folder: Path,
) -> tuple[str, str]:
    """Write the network in the format of its own library into a folder of `folder`; returns that folder's name, and
    what it holds.

    `inputs` are some prepared samples, on which both must agree. Raises NotNativeError with the reason where the
    library has no such network.
    """
    backbone = network.backbone
    if not isinstance(backbone, TimmBackbone | TextBackbone):
        raise NotNativeError(
            "the encoder is frozen, and an adapter stands between it and the classifier"
            if network.adapter is not None and preparation.kind in ("tokens", "pixels")
            else "the encoder is mlbench's own"
        )
    linear = network.classifier.as_linear()
    if linear is None:
        raise NotNativeError(
            "its logits are not linear in the features, and a classifier of the library's is"
        )
    with torch.no_grad():
        expected = network(*inputs)
        if isinstance(backbone, TimmBackbone):
            return "timm", _write_timm(
                backbone, linear, labels, inputs, expected, folder / "timm", preparation
            )
        return "transformers", _write_transformers(backbone, linear, labels, inputs, expected, folder)


def _write_timm(
    backbone: TimmBackbone,
    linear: tuple[Tensor, Tensor],
    labels: Sequence[str],
    inputs: tuple[Tensor, ...],
    expected: Tensor,
    folder: Path,
    preparation: Preparation,
) -> str:
    import timm

    size = int(preparation.settings["size"])
    known = dict(timm.get_pretrained_cfg(backbone.model).to_dict())
    sized = {"img_size": size} if known.get("fixed_input_size") and size != known["input_size"][-1] else {}
    native = timm.create_model(backbone.model, pretrained=False, num_classes=len(labels), **sized).eval()
    classifier = native.get_classifier()
    if not isinstance(classifier, nn.Linear):
        raise NotNativeError(
            f"timm's {backbone.model} ends in {type(classifier).__name__}, not in one linear map"
        )
    _take_weights(native, backbone.network, classifier, linear)
    _agree(lambda: native(backbone.normalise(inputs[0])), expected, f"timm's {backbone.model}")
    folder.mkdir(exist_ok=True)
    save_file(
        {name: value.contiguous() for name, value in native.state_dict().items()},
        folder / "model.safetensors",
    )
    keys = ("mean", "std", "first_conv", "classifier", "pool_size", "fixed_input_size")
    config = {
        "architecture": backbone.model.partition(".")[0],
        "num_classes": len(labels),
        "label_names": list(labels),
        "model_args": sized,
        "pretrained_cfg": {
            **{key: known[key] for key in keys if known.get(key) is not None},
            "input_size": [3, size, size],
            "interpolation": "bilinear",
            "crop_pct": 1.0,
            "crop_mode": "squash",
            "num_classes": len(labels),
        },
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    return "a timm model with its classifier"


def _write_transformers(
    backbone: TextBackbone,
    linear: tuple[Tensor, Tensor],
    labels: Sequence[str],
    inputs: tuple[Tensor, ...],
    expected: Tensor,
    folder: Path,
) -> str:
    from transformers import AutoModelForSequenceClassification

    config = copy.deepcopy(backbone.network.config)
    config.num_labels = len(labels)
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: number for number, label in enumerate(labels)}
    config.problem_type = "multi_label_classification"
    try:
        native = AutoModelForSequenceClassification.from_config(config).float().eval()
    except ValueError:
        raise NotNativeError(
            f"transformers has no {type(backbone.network).__name__} for sequence classification"
        ) from None
    about = f"transformers' {type(native).__name__}"
    body, passed = native.base_model, ""
    body.load_state_dict(backbone.network.state_dict(), strict=False)
    head = {
        name for name, _ in native.named_parameters() if not name.startswith(f"{native.base_model_prefix}.")
    }
    pooler = getattr(body, "pooler", None)
    dense = getattr(pooler, "dense", pooler)
    weight, bias = linear
    if head == {"classifier.weight", "classifier.bias"} and backbone.pooling == "pooler":
        _fill(native.classifier, weight, bias)
    elif (
        head == {"classifier.weight", "classifier.bias"}
        and backbone.pooling == "cls"
        and isinstance(dense, nn.Linear)
    ):
        passed = _pass(dense)
        _fill(native.classifier, weight / SMALL, bias)
    elif head == {
        f"classifier.{layer}.{part}" for layer in ("dense", "out_proj") for part in ("weight", "bias")
    } and (backbone.pooling == "cls"):
        passed = _pass(native.classifier.dense)
        _fill(native.classifier.out_proj, weight / SMALL, bias)
    else:
        raise NotNativeError(
            f'the encoder pools by "{backbone.pooling}", and {about} classifies otherwise'
            + (
                '; of BERT, RoBERTa and their kin pooling = "cls" has such a form'
                if backbone.pooling == "mean"
                else ""
            )
        )
    _agree(lambda: native(input_ids=inputs[0], attention_mask=inputs[1]).logits, expected, about)
    native.save_pretrained(folder / "transformers")
    for file in (folder / "encoder").iterdir():
        if file.name != "config.json":
            shutil.copyfile(file, folder / "transformers" / file.name)
    return f"{type(native).__name__} of transformers{passed}"


def _take_weights(
    native: nn.Module, network: nn.Module, classifier: nn.Linear, linear: tuple[Tensor, Tensor]
) -> None:
    """The weights of a network without classifier, and the classifier's."""
    own = {id(part) for part in classifier.parameters()}
    named = {name for name, part in native.named_parameters() if id(part) in own}
    missing, unexpected = native.load_state_dict(network.state_dict(), strict=False)
    if set(missing) != named or unexpected:
        raise NotNativeError(
            f"timm's {type(native).__name__} with a classifier has other weights than without one"
        )
    _fill(classifier, *linear)


def _fill(layer: nn.Linear, weight: Tensor, bias: Tensor) -> None:
    if layer.weight.shape != weight.shape:
        raise NotNativeError(
            f"its classifier reads {layer.weight.shape[1]} features, and the encoder gives {weight.shape[1]}"
        )
    layer.weight.copy_(weight)
    layer.bias.copy_(bias)


def _pass(layer: nn.Linear) -> str:
    """Have a square layer that tanh follows let its input through, times SMALL."""
    layer.weight.copy_(SMALL * torch.eye(len(layer.weight)))
    layer.bias.zero_()
    return (
        f"; the layer of tanh that its head begins with, which mlbench trains without, passes {SMALL:.0e} of the "
        "hidden state and so changes nothing: give it new weights before you train further"
    )


def _agree(compute: Callable[[], Any], expected: Tensor, about: str) -> None:
    """Raise NotNativeError unless the same logits come out."""
    try:
        found = compute()
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        raise NotNativeError(f"{about} does not take these inputs ({error})") from None
    difference = float((found - expected).abs().max())
    if not difference <= EQUAL * max(1.0, float(expected.abs().max())):
        raise NotNativeError(f"{about} gives other logits (by up to {difference:.2g})")
