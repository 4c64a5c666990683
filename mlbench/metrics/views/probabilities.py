"""What a calibration metric is given: how the sigmoid of the logits agrees with what came true."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mlbench.metrics.scored import Scored

BINS = 15
CHUNK = 1 << 17
"""Entries worked on at once in float64: what a core's cache holds."""


@dataclass(frozen=True, eq=False)
class Probabilities:
    """Sums over the scored samples of each label, with p = 1 / (1 + exp(−logit)); all float64.

    - `scored`: the split.
    - `squares` [L]: of (p − y)².
    - `surprises` [L]: of −log of the probability given to what came true.
    - `excess` [L, BINS]: of p − y, over the samples whose p lies in each of BINS equal intervals of [0, 1].
    """

    scored: Scored
    squares: Tensor
    surprises: Tensor
    excess: Tensor


def assess(scored: Scored) -> Probabilities:
    """The sums, some rows at a time."""
    labels, device = scored.logits.shape[1], scored.logits.device
    sums = torch.zeros((2, labels), dtype=torch.float64, device=device)
    excess = torch.zeros(labels * BINS, dtype=torch.float64, device=device)
    first = torch.arange(0, labels * BINS, BINS, device=device)
    rows = max(1, (CHUNK if device.type == "cpu" else 64 * CHUNK) // labels)
    for logits, marks, positive in zip(
        *(torch.split(part, rows) for part in (scored.logits, scored.targets, scored.positive)), strict=True
    ):
        raw = logits.double()
        decay = torch.exp(-raw.abs())
        p = torch.where(raw >= 0, 1.0, decay) / (1 + decay)
        error = p - positive.double()
        surprise = raw.clamp(min=0) - raw * positive + torch.log1p(decay)
        if scored.has_unscored:
            left_out = marks > 1
            error, surprise = error.masked_fill(left_out, 0.0), surprise.masked_fill(left_out, 0.0)
        sums += torch.stack(((error * error).sum(0), surprise.sum(0)))
        interval = (p * BINS).long().clamp_(max=BINS - 1)
        excess.index_add_(0, (first + interval).flatten(), error.flatten())
    return Probabilities(scored, sums[0], sums[1], excess.view(labels, BINS))
