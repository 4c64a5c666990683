"""What is kept of a trained cell so that it can be used: weights, thresholds, temperature, how samples are prepared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mlbench.datasets import Dataset, Split, decode_images
from mlbench.datasets.places import cache_root
from mlbench.errors import ConfigError
from mlbench.metrics import Scored
from mlbench.metrics.temperature import fit_temperature
from mlbench.metrics.thresholds import tune_global, tune_per_label
from mlbench.metrics.views.orders import Orders
from mlbench.metrics.views.probabilities import assess
from mlbench.models.deployed import Classifier, Tensors, all_tensors, logit_head
from mlbench.models.heads import Sizes
from mlbench.models.model import Model
from mlbench.models.preparation import Preparation
from mlbench.models.pretrained.weights import content_of, named_files
from mlbench.suite import Cell
from mlbench.training.scoring.measure import FinalScores, GroundTruth
from mlbench.training.setup import build_encoder
from mlbench.version import __version__

FORMAT = 1
"""Of what is kept; raised when another reader is needed."""
CHECKED = 8
"""Validation rows that are kept with their logits, so that an export can show that it gives the same."""


@dataclass(frozen=True)
class Reading:
    """A classifier of a cell's features: its logits on validation and test as they are stored, and the threshold of the
    loss that trained it."""

    classifier: Classifier
    weights: Tensors
    logits: Mapping[str, Tensor]
    threshold: float | None


def readings_of(model: Model, final: FinalScores) -> dict[str, Reading]:
    """The classifiers of a model: "own", the head that a loss of logits trained, and "probe"."""
    found: dict[str, Reading] = {}
    headed = logit_head(model.heads)
    if headed is not None:
        field, head = headed
        found["own"] = Reading(Classifier(field, head.sizes), all_tensors(head), final.own, final.threshold)
    if final.linear is not None and final.probe is not None:
        probe = final.linear
        parts = {"mean": probe.mean, "scale": probe.scale, "weight": probe.weight, "bias": probe.bias}
        kind = Classifier("probe", Sizes(*probe.weight.shape))
        found["probe"] = Reading(kind, parts, final.probe, final.probe_threshold)
    return found


def prepare_samples(
    cell: Cell, dataset: Dataset, rows: npt.NDArray[np.int64], cache: Path | None
) -> Preparation:
    """How the cell's encoder prepares samples. Raises ConfigError for one that does not say."""
    encoder = build_encoder(cell)
    if not encoder.exports:
        raise ConfigError(
            f"encoder {cell.encoder!r} does not say how new samples are prepared, so its models cannot be kept; set "
            "store.model = false"
        )
    return encoder.preparation(dataset, rows, cache or cache_root() / "encoders")


def describe_model(
    cell: Cell,
    dataset: Dataset,
    truth: GroundTruth,
    model: Model,
    preparation: Preparation,
    final: FinalScores,
) -> dict[str, Any]:
    """A tree of plain values and tensors (`save_tree`) from which the cell is exported. `dataset` and `truth` have the
    validation rows that the logits of `final` are of."""
    readings = readings_of(model, final)
    return {
        "format": FORMAT,
        "mlbench": __version__,
        "packages": {name: version(name) for name in ("torch", "timm", "transformers", "scikit-learn")},
        "cell": cell.describe(),
        "labels": list(dataset.labels),
        "preparation": preparation.tree(),
        "encoder_files": content_of(files) if (files := named_files(cell.encoder_options)) else None,
        "backbone": _backbone_tensors(model, preparation),
        "adapter": None if model.adapter is None else all_tensors(model.adapter),
        "readings": {name: _describe(reading, truth) for name, reading in readings.items()},
        "check": {
            "samples": _samples(dataset, preparation),
            "logits": {
                name: reading.logits["validation"][:CHECKED].float() for name, reading in readings.items()
            },
        },
    }


def _backbone_tensors(model: Model, preparation: Preparation) -> Tensors:
    """By the names of `Encoder.bare`, where the backbone of fixed vectors stands behind what gives them."""
    tensors = all_tensors(model.backbone)
    if model.adapter is not None and preparation.kind != "features":
        tensors = {f"vectors.{name}": tensor for name, tensor in tensors.items()}
    return {**tensors, **preparation.tensors}


def _describe(reading: Reading, truth: GroundTruth) -> dict[str, Any]:
    """A reading with what validation settles for it."""
    validation = Scored(reading.logits["validation"], torch.from_numpy(truth.validation_targets))
    test = Scored(reading.logits["test"], torch.from_numpy(truth.test_targets))
    ranked = Orders(validation)
    everywhere = tune_global(ranked)
    temperature = fit_temperature(validation)
    return {
        "classifier": reading.classifier.describe(),
        "weights": reading.weights,
        "thresholds": {
            "label": tune_per_label(ranked, everywhere),
            "global": float(everywhere),
            "native": reading.threshold,
        },
        "temperature": temperature,
        "log_loss": {
            split: {"before": _log_loss(scored), "after": _log_loss(scored, temperature)}
            for split, scored in (("validation", validation), ("test", test))
        },
    }


def _log_loss(scored: Scored, temperature: float = 1.0) -> float:
    """The mean over scored entries of −log of the probability given to what came true."""
    sums = assess(Scored(scored.logits / temperature, scored.targets))
    return float(sums.surprises.sum() / sums.scored.label_scored.sum())


def _samples(dataset: Dataset, preparation: Preparation) -> Tensor | list[str]:
    """The first validation rows as they come: vectors [n, D], images uint8 [n, S, S, C], or texts."""
    rows = np.arange(min(CHECKED, len(dataset.validation)))
    some: Split = dataset.validation.take(rows)
    if preparation.kind == "features":
        return torch.from_numpy(np.asarray(some.inputs, dtype=np.float32))
    if preparation.kind == "pixels":
        size = preparation.settings["size"]
        if isinstance(some.inputs, np.ndarray) and some.inputs.shape[1] == size:
            return torch.from_numpy(some.inputs.astype(np.uint8))
        return torch.from_numpy(decode_images(some, size))
    return [str(text) for text in some.inputs]
