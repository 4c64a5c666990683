"""`approx_ndcg` against sums written from its formula."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from mlbench import Outputs, build_loss
from tests.losses.harness import assert_agrees


def reference(out: Outputs, targets: Tensor, alpha: float) -> Tensor:
    total = 0 * out.logits.sum()
    for x, y in zip(out.logits, targets, strict=True):
        ideal = sum(1 / math.log2(1 + rank) for rank in range(1, int(y.sum()) + 1))
        for c in range(len(x)):
            if y[c] == 1:
                rank = 1 + sum(1 / (1 + torch.exp(-alpha * (x[k] - x[c]))) for k in range(len(x)) if k != c)
                total = total - 1 / torch.log2(0 * x[c] + 1 + rank) / ideal
    return total / len(targets)


@pytest.mark.parametrize("alpha", [1.0, 5.0])
@pytest.mark.parametrize(("batch", "labels"), [(6, 5), (8, 2), (2, 1)])
def test_agrees_with_the_formula(alpha: float, batch: int, labels: int) -> None:
    assert_agrees(
        "approx_ndcg", lambda out, y: reference(out, y, alpha), batch=batch, labels=labels, alpha=alpha
    )


def test_a_perfect_order_comes_to_minus_one() -> None:
    x, y = torch.tensor([[9.0, 8.0, 0.0, -1.0]]), torch.tensor([[1.0, 1.0, 0.0, 0.0]])
    assert build_loss("approx_ndcg", alpha=50.0)(x, y).item() == pytest.approx(-1)
    assert build_loss("approx_ndcg")(x, torch.zeros(1, 4)).item() == 0
