"""`multilabel_softmax` against sums written from its formula."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mlbench import Outputs
from tests.losses.harness import assert_agrees


def reference(out: Outputs, targets: Tensor) -> Tensor:
    total = 0 * out.logits.sum()
    for row, y in zip(out.logits, targets, strict=True):
        shares = torch.exp(row) / torch.exp(row).sum()
        for share in shares[y == 1]:
            total = total - share.log() / y.sum()
    return total / len(targets)


@pytest.mark.parametrize(("batch", "labels"), [(6, 5), (8, 2), (1, 1)])
def test_agrees_with_the_formula(batch: int, labels: int) -> None:
    assert_agrees("multilabel_softmax", reference, batch=batch, labels=labels)
