"""`two_way` against sums written from its formula."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mlbench import Outputs, build_loss
from tests.losses.harness import assert_agrees


def reference(out: Outputs, targets: Tensor, temp_pos: float, temp_neg: float) -> Tensor:
    def one_way(logits: Tensor, y: Tensor) -> Tensor:
        terms = []
        for row, present in zip(logits, y, strict=True):
            if not present.any():
                continue
            if present.all():
                terms.append(0 * row.sum())
                continue
            negatives = temp_neg * torch.log(sum(torch.exp(x / temp_neg) for x in row[present == 0]))
            positives = temp_pos * torch.log(sum(torch.exp(-x / temp_pos) for x in row[present == 1]))
            terms.append(torch.log(1 + torch.exp(negatives + positives)))
        return torch.stack(terms).mean() if terms else 0 * logits.sum()

    return one_way(out.logits, targets) + one_way(out.logits.T, targets.T)


@pytest.mark.parametrize(("batch", "labels", "seed"), [(6, 5, 0), (8, 2, 1), (1, 3, 2), (1, 1, 3)])
@pytest.mark.parametrize(("temp_pos", "temp_neg"), [(4.0, 1.0), (1.0, 2.0)])
def test_agrees_with_the_formula(
    batch: int, labels: int, seed: int, temp_pos: float, temp_neg: float
) -> None:
    assert_agrees(
        "two_way",
        lambda out, y: reference(out, y, temp_pos, temp_neg),
        batch=batch,
        labels=labels,
        seed=seed,
        temp_pos=temp_pos,
        temp_neg=temp_neg,
    )


def test_has_no_threshold() -> None:
    for name in ("two_way", "lsep", "multilabel_softmax"):
        assert build_loss(name).threshold is None
