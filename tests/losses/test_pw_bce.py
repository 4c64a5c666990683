"""`pw_bce` against sums written from its formula."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from mlbench import LabelStats, Outputs, build_loss
from tests.losses.harness import assert_agrees


def weights_of(counts: list[int], rows: int, a: float, b: float) -> list[float]:
    scale = max(math.log(rows) - 1, 0) * (b + 1) ** a
    inverse = [1 + scale * (min(max(count, 1), rows - 1) + b) ** -a for count in counts]
    return [2 * each - 1 for each in inverse]


def reference(out: Outputs, targets: Tensor, a: float, b: float, normalise: bool) -> Tensor:
    batch, labels = targets.shape
    weights = weights_of([int(column.sum()) for column in targets.T], batch, a, b)
    mean = sum(weights) / labels if normalise else 1
    total = 0 * out.logits.sum()
    for i in range(batch):
        for k in range(labels):
            p = torch.sigmoid(out.logits[i, k])
            total = total - (weights[k] / mean * p.log() if targets[i, k] == 1 else (1 - p).log())
    return total / (batch * labels)


@pytest.mark.parametrize(("a", "b", "normalise"), [(0.55, 1.5, False), (0.6, 2.6, True), (0.0, 1.0, False)])
@pytest.mark.parametrize(("batch", "labels"), [(6, 5), (8, 2)])
def test_agrees_with_the_formula(a: float, b: float, normalise: bool, batch: int, labels: int) -> None:
    assert_agrees(
        "pw_bce",
        lambda out, y: reference(out, y, a, b, normalise),
        batch=batch,
        labels=labels,
        a=a,
        b=b,
        normalise=normalise,
    )


def test_rare_labels_weigh_more_and_with_a_handful_of_rows_none_does() -> None:
    loss = build_loss("pw_bce")
    loss.prepare(LabelStats(torch.tensor([0, 10, 5000]), 100_000))
    assert loss.weight.tolist() == pytest.approx(weights_of([1, 10, 5000], 100_000, 0.55, 1.5))
    assert loss.weight[0] > loss.weight[1] > loss.weight[2] > 1
    loss.prepare(LabelStats(torch.tensor([0, 1]), 2))
    assert loss.weight.tolist() == [1, 1]
