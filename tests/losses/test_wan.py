"""`wan` against sums written from its formula."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mlbench import Outputs, build_loss
from tests.losses.harness import assert_agrees


def reference(out: Outputs, targets: Tensor, gamma: float | None) -> Tensor:
    labels = targets.shape[1]
    weight = gamma if gamma is not None else 1 / (labels - 1) if labels > 1 else 1
    total = 0 * out.logits.sum()
    for x, y in zip(out.logits.flatten(), targets.flatten(), strict=True):
        p = torch.sigmoid(x)
        total = total - y * p.log() - weight * (1 - y) * (1 - p).log()
    return total / targets.numel()


@pytest.mark.parametrize("gamma", [None, 0.0, 0.3])
@pytest.mark.parametrize("labels", [1, 2, 5])
def test_agrees_with_the_formula(gamma: float | None, labels: int) -> None:
    assert_agrees("wan", lambda out, y: reference(out, y, gamma), labels=labels, gamma=gamma)


def test_soft_targets_are_taken() -> None:
    soft = torch.tensor([[0.25, 0.0, 1.0], [0.5, 0.9, 0.1]], dtype=torch.float64)
    assert_agrees("wan", lambda out, y: reference(out, y, None), batch=2, labels=3, targets=soft)


def test_a_gamma_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="gamma"):
        build_loss("wan", gamma=-1.0)
