"""`hill` against sums written from its formula."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mlbench import Outputs
from tests.losses.harness import assert_agrees


def reference(out: Outputs, targets: Tensor, lam: float, margin: float, gamma: float) -> Tensor:
    total = 0 * out.logits.sum()
    for x, y in zip(out.logits.flatten(), targets.flatten(), strict=True):
        p, shifted = torch.sigmoid(x), torch.sigmoid(x - margin)
        total = total + y * -((1 - shifted) ** gamma) * shifted.log() + (1 - y) * (lam - p) * p**2
    return total / targets.numel()


@pytest.mark.parametrize(("lam", "margin", "gamma"), [(1.5, 1.0, 2.0), (1.0, 0.0, 0.5), (2.0, 0.5, 0.0)])
def test_agrees_with_the_formula(lam: float, margin: float, gamma: float) -> None:
    given = {"lam": lam, "margin": margin, "gamma": gamma}
    assert_agrees("hill", lambda out, y: reference(out, y, **given), **given)
