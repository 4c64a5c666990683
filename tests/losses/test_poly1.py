"""`poly1` against sums written from its formula."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mlbench import Outputs
from tests.losses.harness import assert_agrees


def reference(out: Outputs, targets: Tensor, epsilon: float, gamma: float, alpha: float | None) -> Tensor:
    total = 0 * out.logits.sum()
    for x, y in zip(out.logits.flatten(), targets.flatten(), strict=True):
        p_t = torch.sigmoid(x) if y == 1 else 1 - torch.sigmoid(x)
        alpha_t = 1.0 if alpha is None else alpha if y == 1 else 1 - alpha
        total = total - alpha_t * (1 - p_t) ** gamma * p_t.log() + epsilon * (1 - p_t) ** (gamma + 1)
    return total / targets.numel()


@pytest.mark.parametrize(
    ("epsilon", "gamma", "alpha"), [(1.0, 2.0, None), (-0.5, 0.0, 0.25), (2.0, 0.5, 0.75)]
)
def test_agrees_with_the_formula(epsilon: float, gamma: float, alpha: float | None) -> None:
    assert_agrees(
        "poly1",
        lambda out, y: reference(out, y, epsilon, gamma, alpha),
        epsilon=epsilon,
        gamma=gamma,
        alpha=alpha,
    )
