"""`soft_f1` against counts written from its formula."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mlbench import Outputs, build_loss
from tests.losses.harness import assert_agrees


def reference(out: Outputs, targets: Tensor, slope: float, offset: float) -> Tensor:
    scores = []
    for x, y in zip(out.logits.T, targets.T, strict=True):
        soft = torch.sigmoid(slope * (x + offset))
        tp, fn, fp = (y * soft).sum(), (y * (1 - soft)).sum(), ((1 - y) * soft).sum()
        scores.append(2 * tp / (2 * tp + fn + fp))
    return 1 - torch.stack(scores).mean()


@pytest.mark.parametrize(("slope", "offset"), [(1.0, 0.0), (2.0, -0.5)])
@pytest.mark.parametrize(("batch", "labels"), [(6, 5), (8, 2), (1, 1)])
def test_agrees_with_the_formula(slope: float, offset: float, batch: int, labels: int) -> None:
    assert_agrees(
        "soft_f1",
        lambda out, y: reference(out, y, slope, offset),
        batch=batch,
        labels=labels,
        slope=slope,
        offset=offset,
    )


def test_scores_that_underflow_have_a_finite_gradient() -> None:
    x = torch.full((3, 2), -300.0, requires_grad=True)
    build_loss("soft_f1")(x, torch.tensor([[0, 1], [0, 0], [0, 0]])).backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_its_threshold_is_where_its_score_is_a_half() -> None:
    assert build_loss("soft_f1", offset=0.5).threshold == -0.5
