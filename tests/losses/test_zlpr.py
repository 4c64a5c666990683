"""`zlpr` against sums written from its formula."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mlbench import Outputs
from tests.losses.harness import assert_agrees


def reference(out: Outputs, targets: Tensor) -> Tensor:
    total = 0 * out.logits.sum()
    for row, y in zip(out.logits, targets, strict=True):
        negatives = sum((torch.exp(x) for x in row[y == 0]), start=torch.zeros(()))
        positives = sum((torch.exp(-x) for x in row[y == 1]), start=torch.zeros(()))
        total = total + torch.log(1 + negatives) + torch.log(1 + positives)
    return total / len(targets)


@pytest.mark.parametrize(("batch", "labels"), [(6, 5), (8, 2), (1, 1)])
def test_agrees_with_the_formula(batch: int, labels: int) -> None:
    assert_agrees("zlpr", reference, batch=batch, labels=labels)
