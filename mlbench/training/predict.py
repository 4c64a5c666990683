"""Scores and features of whole splits, without gradient."""

from __future__ import annotations

import torch
from torch import Tensor

from mlbench.models.inputs import Inputs
from mlbench.models.model import Model
from mlbench.models.prefetch import on_device
from mlbench.training.precision import autocast

BATCH = 512


@torch.no_grad()
def predict_features(
    model: Model,
    inputs: Inputs,
    device: torch.device,
    rows: Tensor | None = None,
    *,
    precision: str = "float32",
    batch_size: int = BATCH,
) -> Tensor:
    """The trunk's features of every sample (or of `rows`), float32 [N, M], on the device, in their order.

    `precision` is the one that the trunk was trained in. Samples of like length go through together, where
    they have lengths.
    """
    model.eval()
    chosen = torch.arange(len(inputs)) if rows is None else rows
    lengths = inputs.lengths
    order = None if lengths is None else lengths[chosen].argsort(stable=True, descending=True)
    ordered = chosen if order is None else chosen[order]
    features = []
    for batch in on_device((inputs.batch(some) for some in ordered.split(batch_size)), device):
        with autocast(precision, device):
            features.append(model.features(batch).float())
    together = torch.cat(features)
    return together if order is None else together[order.argsort().to(device)]


@torch.no_grad()
def predict_logits(model: Model, features: Tensor) -> Tensor:
    """The loss's own logits from features, float32 [N, L]."""
    model.eval()
    return torch.cat([model.logits(chunk).float() for chunk in features.split(4096)])
