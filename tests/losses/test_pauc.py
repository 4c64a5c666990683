"""`pauc` against sums written from its formula."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mlbench import Outputs, build_loss
from tests.losses.harness import assert_agrees, mean_of


def reference(out: Outputs, targets: Tensor, temperature: float, margin: float) -> Tensor:
    terms = []
    for x, y in zip(out.logits.T, targets.T, strict=True):
        p = torch.sigmoid(x)
        positives, negatives = p[y == 1], p[y == 0]
        if len(positives) and len(negatives):
            of_each = []
            for own in positives:
                losses = [(margin - (own - other)).clamp(min=0) ** 2 for other in negatives]
                mean = sum(torch.exp(loss / temperature) for loss in losses) / len(losses)
                of_each.append(temperature * torch.log(mean))
            terms.append(torch.stack(of_each).mean())
    return mean_of(terms, out)


@pytest.mark.parametrize(("temperature", "margin"), [(1.0, 1.0), (0.1, 0.6), (10.0, 1.0)])
@pytest.mark.parametrize(("batch", "labels", "seed"), [(6, 5, 0), (8, 2, 1), (1, 3, 2)])
def test_agrees_with_the_formula(
    temperature: float, margin: float, batch: int, labels: int, seed: int
) -> None:
    assert_agrees(
        "pauc",
        lambda out, y: reference(out, y, temperature, margin),
        batch=batch,
        labels=labels,
        seed=seed,
        temperature=temperature,
        margin=margin,
    )


def test_at_its_two_ends_it_is_the_mean_over_negatives_and_the_highest_of_them() -> None:
    x, y = torch.randn(9, 1, dtype=torch.float64), (torch.arange(9) < 4).double()[:, None]
    p = x.sigmoid()
    losses = (1 - p[:4] + p[4:].T).square()
    mean = build_loss("pauc", temperature=1e6)(x, y).item()
    assert mean == pytest.approx(losses.mean().item(), rel=1e-4)
    highest = build_loss("pauc", temperature=1e-4)(x, y).item()
    assert highest == pytest.approx(losses.amax(dim=1).mean().item(), rel=1e-3)
