"""`dice` against counts written from its formula."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mlbench import Outputs, build_loss
from tests.losses.harness import assert_agrees


def reference(out: Outputs, targets: Tensor, alpha: float, eps: float) -> Tensor:
    terms = []
    for x, y in zip(out.logits.T, targets.T, strict=True):
        p = torch.sigmoid(x)
        soft = (1 - p) ** alpha * p
        terms.append(1 - (2 * (soft * y).sum() + eps) / (soft.sum() + y.sum() + eps))
    return torch.stack(terms).mean()


@pytest.mark.parametrize(("alpha", "eps"), [(0.0, 1e-4), (0.5, 1.0), (1.0, 0.0)])
@pytest.mark.parametrize(("batch", "labels"), [(6, 5), (8, 2), (1, 1)])
def test_agrees_with_the_formula(alpha: float, eps: float, batch: int, labels: int) -> None:
    assert_agrees(
        "dice", lambda out, y: reference(out, y, alpha, eps), batch=batch, labels=labels, alpha=alpha, eps=eps
    )


@pytest.mark.parametrize("eps", [0.0, 1e-4])
def test_scores_that_underflow_have_a_finite_gradient(eps: float) -> None:
    x = torch.full((3, 2), -300.0, requires_grad=True)
    build_loss("dice", eps=eps)(x, torch.tensor([[0, 1], [0, 0], [0, 0]])).backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()
