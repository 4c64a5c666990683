"""`aucm` against sums written from its formula, and against the min-max problem that it is the value of."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mlbench import Outputs, build_loss
from tests.losses.harness import assert_agrees, mean_of


def reference(out: Outputs, targets: Tensor, margin: float) -> Tensor:
    terms = []
    for x, y in zip(out.logits.T, targets.T, strict=True):
        p = torch.sigmoid(x)
        pos, neg = p[y == 1], p[y == 0]
        if len(pos) and len(neg):
            spread = sum(((side - side.mean()) ** 2).mean() for side in (pos, neg))
            gap = margin - (pos.mean() - neg.mean())
            terms.append(spread + (gap**2 if gap > 0 else 0 * gap))
    return mean_of(terms, out)


@pytest.mark.parametrize("margin", [1.0, 0.2])
@pytest.mark.parametrize(("batch", "labels", "seed"), [(6, 5, 0), (8, 2, 1), (9, 4, 2), (1, 3, 3)])
def test_agrees_with_the_formula(margin: float, batch: int, labels: int, seed: int) -> None:
    assert_agrees(
        "aucm", lambda out, y: reference(out, y, margin), batch=batch, labels=labels, seed=seed, margin=margin
    )


def test_it_is_the_saddle_of_the_objective_over_a_b_and_alpha() -> None:
    """min over a and b, max over α ≥ 0 of E₊(p − a)² + E₋(p − b)² + 2α(m + E₋p − E₊p) − α²."""
    x, y = torch.randn(40, 1, dtype=torch.float64), (torch.arange(40) % 3 == 0).double()[:, None]
    p = x.sigmoid()
    pos, neg = p[y == 1], p[y == 0]
    grid = torch.linspace(0, 2, 20_001, dtype=torch.float64)
    least = sum(min(((side - a) ** 2).mean().item() for a in grid[:10_001:10]) for side in (pos, neg))
    most = (2 * grid * (1 + neg.mean() - pos.mean()) - grid**2).max().item()
    assert build_loss("aucm")(x, y).item() == pytest.approx(least + most, abs=1e-5)
