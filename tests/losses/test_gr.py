"""`gr` against sums written from its formula, over the epochs."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from mlbench import Loss, Outputs
from tests.losses.harness import assert_agrees


def reference(
    w: float, b: float, mu: float, s: float, q2: float, q3: float, follow: bool
) -> Callable[..., Tensor]:
    def value(out: Outputs, targets: Tensor) -> Tensor:
        total = 0 * out.logits.sum()
        for x, y in zip(out.logits.flatten(), targets.flatten(), strict=True):
            p = torch.sigmoid(x)
            seen = p if follow else p.detach()
            k = 1 / (1 + torch.exp(-(w * seen + b)))
            weight = torch.exp(-0.5 * ((seen - mu) / s) ** 2)
            negative = weight * (k * (1 - p**q2) / q2 + (1 - k) * (1 - (1 - p) ** q3) / q3)
            total = total + (-p.log() if y == 1 else negative)
        return total / targets.numel()

    return value


@pytest.mark.parametrize("follow", [False, True])
@pytest.mark.parametrize(
    ("epoch", "w", "mu", "s"),
    [(None, 0.0, 0.5, 2.0), (0, 0.0, 0.53, 1.85), (4, 0.8, 0.65, 1.25), (9, 1.8, 0.8, 0.5)],
)
def test_agrees_with_the_formula(follow: bool, epoch: int | None, w: float, mu: float, s: float) -> None:
    def begin(loss: Loss) -> None:
        if epoch is not None:
            loss.on_epoch_start(epoch, 10)

    assert_agrees(
        "gr", reference(w, -2.0, mu, s, 0.01, 1.0, follow), batch=8, before=begin, weight_grad=follow
    )


def test_other_constants() -> None:
    assert_agrees(
        "gr",
        reference(0.5, 0.3, 0.4, math.sqrt(2), 0.7, 0.3, False),
        q2=0.7,
        q3=0.3,
        w_start=0.5,
        b=0.3,
        mu_start=0.4,
        sigma_start=math.sqrt(2),
    )
