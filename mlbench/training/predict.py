"""Scores and features of whole splits, without gradient."""

from __future__ import annotations

import torch
from torch import Tensor

from mlbench.models.inputs import Inputs
from mlbench.models.model import Model

BATCH = 512


@torch.no_grad()
def predict_features(
    model: Model, inputs: Inputs, device: torch.device, rows: Tensor | None = None
) -> Tensor:
    """The trunk's features of every sample (or of `rows`), float32 [N, M], on the device."""
    model.eval()
    chosen = torch.arange(len(inputs)) if rows is None else rows
    features = []
    for some in chosen.split(BATCH):
        batch = tuple(part.to(device, non_blocking=True) for part in inputs.batch(some))
        features.append(model.features(batch).float())
    return torch.cat(features)


@torch.no_grad()
def predict_logits(model: Model, features: Tensor) -> Tensor:
    """The loss's own logits from features, float32 [N, L]."""
    model.eval()
    return torch.cat([model.logits(chunk).float() for chunk in features.split(4096)])
