"""`db_focal` against sums written from its formula."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from mlbench import LabelStats, Outputs, build_loss
from tests.losses.harness import assert_agrees


def reference(
    out: Outputs,
    targets: Tensor,
    alpha: float = 0.5,
    gamma: float = 2.0,
    map_alpha: float = 0.1,
    map_beta: float = 10.0,
    map_gamma: float = 0.9,
    kappa: float = 0.05,
    neg_scale: float = 2.0,
) -> Tensor:
    batch, labels = targets.shape
    counts = [min(max(int(targets[:, k].sum()), 1), batch - 1) for k in range(labels)]
    total = 0 * out.logits.sum()
    for i in range(batch):
        inverse = sum(1 / counts[j] for j in range(labels) if targets[i, j] == 1)
        for k in range(labels):
            r = (1 / counts[k]) / inverse if inverse else math.inf
            w = 1 / (1 + math.exp(-map_beta * (r - map_gamma))) + map_alpha
            x = out.logits[i, k] - kappa * math.log(batch / counts[k] - 1)
            if targets[i, k] == 1:
                p_t, alpha_t = torch.sigmoid(x), alpha
            else:
                p_t, alpha_t, w = 1 - torch.sigmoid(neg_scale * x), 1 - alpha, w / neg_scale
            total = total - w * alpha_t * (1 - p_t) ** gamma * p_t.log()
    return total / targets.numel()


CASES: list[dict[str, Any]] = [
    {},
    {"alpha": 0.25, "gamma": 0.5, "neg_scale": 5.0},
    {"map_alpha": 0.3, "map_beta": 1.0, "map_gamma": 0.2, "kappa": 0.5},
]


@pytest.mark.parametrize("given", CASES)
@pytest.mark.parametrize("seed", [0, 1])
def test_agrees_with_the_formula(given: dict[str, Any], seed: int) -> None:
    assert_agrees("db_focal", lambda out, y: reference(out, y, **given), batch=7, seed=seed, **given)


def test_one_training_row_and_labels_never_or_always_seen_stay_finite() -> None:
    for counts, rows in (([0, 1], 1), ([0, 50], 50)):
        loss = build_loss("db_focal")
        loss.prepare(LabelStats(torch.tensor(counts), rows))
        assert loss(torch.zeros(3, 2), torch.tensor([[0, 0], [1, 1], [0, 1]])).isfinite()
