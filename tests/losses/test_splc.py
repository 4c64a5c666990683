"""`splc` against sums written from its formula, before and after it starts to correct."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from mlbench import Loss, Outputs
from tests.losses.harness import assert_agrees


def reference(
    correcting: bool, tau: float, margin: float, gamma: float
) -> Callable[[Outputs, Tensor], Tensor]:
    def value(out: Outputs, targets: Tensor) -> Tensor:
        total = 0 * out.logits.sum()
        for logit, target in zip(out.logits.flatten(), targets.flatten(), strict=True):
            x, y = (logit - margin if target == 1 else logit), bool(target == 1)
            if correcting and torch.sigmoid(x) > tau:
                y = True
            p_t = torch.sigmoid(x) if y else 1 - torch.sigmoid(x)
            total = total - (1 - p_t) ** gamma * p_t.log()
        return total / targets.numel()

    return value


@pytest.mark.parametrize(
    ("start_epoch", "epoch", "correcting"),
    [
        (1, None, False),
        (0, None, False),
        (1, 0, False),
        (1, 1, True),
        (0, 0, True),
        (3, 2, False),
        (3, 7, True),
    ],
)
def test_agrees_with_the_formula(start_epoch: int, epoch: int | None, correcting: bool) -> None:
    def begin(loss: Loss) -> None:
        if epoch is not None:
            loss.on_epoch_start(epoch, 10)

    assert_agrees(
        "splc", reference(correcting, 0.6, 1.0, 2.0), batch=8, before=begin, start_epoch=start_epoch
    )


def test_other_constants() -> None:
    assert_agrees(
        "splc",
        reference(True, 0.4, 0.5, 1.0),
        before=lambda loss: loss.on_epoch_start(1, 2),
        tau=0.4,
        margin=0.5,
        gamma=1.0,
    )
