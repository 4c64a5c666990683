"""`focal` against sums written from its formula."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mlbench import Outputs, build_loss
from tests.losses.harness import assert_agrees


def reference(out: Outputs, targets: Tensor, gamma: float, alpha: float | None) -> Tensor:
    terms = []
    for x, y in zip(out.logits.flatten(), targets.flatten(), strict=True):
        p = torch.sigmoid(x)
        p_t = p if y == 1 else 1 - p
        alpha_t = 1.0 if alpha is None else alpha if y == 1 else 1 - alpha
        terms.append(-alpha_t * (1 - p_t) ** gamma * p_t.log())
    return torch.stack(terms).mean()


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("alpha", [None, 0.25])
def test_agrees_with_the_formula(gamma: float, alpha: float | None) -> None:
    assert_agrees("focal", lambda out, y: reference(out, y, gamma, alpha), gamma=gamma, alpha=alpha)


def test_soft_targets_are_refused_by_name() -> None:
    with pytest.raises(
        ValueError, match=r"FocalLoss must be 0 or 1 .*not soft labels.*, got 0\.5 at row 0, label 1"
    ):
        build_loss("focal")(torch.zeros(1, 2), torch.tensor([[1.0, 0.5]]))
