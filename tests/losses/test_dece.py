"""`dece` against sums written from its formula."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mlbench import Outputs, build_loss
from tests.losses.harness import assert_agrees


def reference(out: Outputs, targets: Tensor, temperature: float) -> Tensor:
    total = 0 * out.logits.sum()
    for row, y in zip(out.logits / temperature, targets, strict=True):
        against = sum(torch.exp(x) for x in row[y == 0])
        for x in row[y == 1]:
            total = total - torch.log(torch.exp(x) / (torch.exp(x) + against)) / y.sum()
    return total / len(targets)


@pytest.mark.parametrize("temperature", [1.0, 0.5])
@pytest.mark.parametrize(("batch", "labels"), [(6, 5), (8, 2), (1, 1)])
def test_agrees_with_the_formula(temperature: float, batch: int, labels: int) -> None:
    assert_agrees(
        "dece",
        lambda out, y: reference(out, y, temperature),
        batch=batch,
        labels=labels,
        temperature=temperature,
    )


def test_with_one_label_a_row_it_is_the_softmax() -> None:
    x = torch.randn(7, 5, dtype=torch.float64)
    y = torch.eye(5)[[0, 3, 1, 4, 4, 2, 0]]
    torch.testing.assert_close(build_loss("dece")(x, y), build_loss("multilabel_softmax")(x, y))
