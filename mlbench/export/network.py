"""The network of a trained cell: built from what was kept, or from the folder of an exported model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from mlbench.errors import ConfigError, DataError, MlbenchError
from mlbench.export.about import FILE, About, Network
from mlbench.models.base import Encoder
from mlbench.models.deployed import Classifier, Deployed, all_tensors, put_in
from mlbench.models.model import Adapter
from mlbench.models.preparation import Preparation
from mlbench.models.pretrained.weights import content_of, named_files
from mlbench.models.vectors import Fronted
from mlbench.plain_text import said
from mlbench.registry import ENCODERS

WEIGHTS = "model.safetensors"


def kept_network(kept: Mapping[str, Any], reading: str, folder: Path) -> Deployed:
    """With the weights of a training; `folder` holds the files of the preparation already.

    Raises ConfigError where the encoder's own weights, which no training keeps, are not those of the training.
    """
    preparation = Preparation.of(kept["preparation"])
    network = bare_network(describe_network(kept, reading), preparation, folder)
    where = f"the kept model of cell {kept['cell']['dataset']}"
    backbone, weights = network.backbone, dict(kept["backbone"])
    if isinstance(backbone, Fronted):
        encoder = _encoder(kept["cell"]["encoder"], kept["cell"]["encoder_options"])
        _check_files(kept)
        front = encoder.front(preparation)
        if front is not None:
            weights |= {f"front.{name}": tensor for name, tensor in all_tensors(front).items()}
    put_in(backbone, weights, where)
    if network.adapter is not None:
        put_in(network.adapter, kept["adapter"], where)
    put_in(network.classifier.weighted, kept["readings"][reading]["weights"], where)
    return network


def describe_network(kept: Mapping[str, Any], reading: str) -> Network:
    """The shapes of a kept model."""
    adapter = kept["adapter"]
    return Network(
        encoder=kept["cell"]["encoder"],
        options=dict(kept["cell"]["encoder_options"]),
        adapter=None if adapter is None else len(adapter["layers.0.bias"]),
        classifier=kept["readings"][reading]["classifier"],
    )


def bare_network(told: Network, preparation: Preparation, folder: Path) -> Deployed:
    """Of the right shapes and any weights. Loads none that are pretrained."""
    bare = {"pretrained": False, "weights": None}
    options = {name: bare.get(name, value) for name, value in told.options.items()}
    backbone = _encoder(told.encoder, options).bare(preparation, folder)
    adapter = None if told.adapter is None else Adapter(backbone.dim, told.adapter)
    return Deployed(backbone, adapter, Classifier.of(told.classifier).build()).eval()


def save_weights(network: Deployed, folder: Path) -> None:
    """Every tensor of the network, as `model.safetensors` of the folder."""
    tensors = {name: tensor.cpu().clone().contiguous() for name, tensor in all_tensors(network).items()}
    save_file(tensors, folder / WEIGHTS)


def folder_network(about: About, folder: Path) -> Deployed:
    """The network of an exported model, from its safetensors alone. Raises DataError where they do not fit."""
    try:
        network = bare_network(
            about.network, Preparation(about.inputs.kind, about.inputs.settings), folder / "encoder"
        )
    except MlbenchError:
        raise
    except Exception as error:
        # Shapes of any kind may stand there, and each library says so in its own way.
        raise DataError(f"{folder / FILE}: no network is as it says: {said(error, 300)}") from None
    file = folder / WEIGHTS
    try:
        tensors = load_file(file)
    except (OSError, SafetensorError) as error:
        raise DataError(f"{file}: cannot be read: {error}") from None
    put_in(network, tensors, str(file))
    if about.network.classifier["sizes"]["labels"] != len(about.labels):
        raise DataError(f"{folder / FILE}: its network gives another number of logits than it has labels")
    return network


def _encoder(name: str, options: Mapping[str, Any]) -> Encoder:
    kind = name.partition(":")[0]
    encoder: Encoder = ENCODERS.build(kind, **options)
    if not encoder.exports:
        raise ConfigError(
            f"encoder {name!r} does not say what network it is, so its models cannot be exported"
        )
    return encoder


def _check_files(kept: Mapping[str, Any]) -> None:
    """Raise ConfigError where files of this machine that the encoder names are not there, or have changed."""
    if kept["encoder_files"] is None:
        return
    options = kept["cell"]["encoder_options"]
    files = named_files(options)
    if not files or content_of(files) != kept["encoder_files"]:
        named = options.get("weights") or options.get("model")
        raise ConfigError(
            f"encoder {kept['cell']['encoder']!r}: the files of {named} are not there, or not those that the cell was "
            "trained on; a frozen encoder's weights are not kept with the cell, so the model cannot be exported "
            "without them"
        )
