"""`pairwise_exp` against a loop over pairs."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mlbench import Outputs
from tests.losses.harness import assert_agrees


def reference(out: Outputs, targets: Tensor) -> Tensor:
    total = 0 * out.logits.sum()
    for row, y in zip(torch.sigmoid(out.logits), targets, strict=True):
        pairs = [torch.exp(k - c) for k in row[y == 0] for c in row[y == 1]]
        if pairs:
            total = total + sum(pairs) / len(pairs)
    return total / len(targets)


@pytest.mark.parametrize(("batch", "labels"), [(6, 5), (8, 2), (1, 1)])
def test_agrees_with_the_formula(batch: int, labels: int) -> None:
    assert_agrees("pairwise_exp", reference, batch=batch, labels=labels)
