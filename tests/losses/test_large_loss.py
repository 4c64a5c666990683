"""`large_loss` against sums written from its formula, at several epochs."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from mlbench import Loss, Outputs, build_loss
from tests.losses.harness import assert_agrees


def reference(mode: str, count: int) -> Callable[[Outputs, Tensor], Tensor]:
    def value(out: Outputs, targets: Tensor) -> Tensor:
        terms, negatives = [], []
        for x, y in zip(out.logits.flatten(), targets.flatten(), strict=True):
            p = torch.sigmoid(x)
            if y == 1:
                terms.append(-p.log())
            else:
                negatives.append((-(1 - p).log(), -p.log()))
        negatives.sort(key=lambda pair: -pair[0].item())
        for place, (own, other) in enumerate(negatives):
            terms.append(own if place >= count else other if mode == "correct" else 0 * own)
        return torch.stack(terms).sum() / targets.numel()

    return value


@pytest.mark.parametrize("mode", ["reject", "correct"])
@pytest.mark.parametrize(("epoch", "epochs"), [(None, 1), (0, 10), (1, 10), (9, 10), (45, 50)])
def test_agrees_with_the_formula(mode: str, epoch: int | None, epochs: int) -> None:
    def begin(loss: Loss) -> None:
        if epoch is not None:
            loss.on_epoch_start(epoch, epochs)

    count = math.ceil(8 * 5 * 10 * (epoch or 0) / epochs * 0.02)
    assert_agrees("large_loss", reference(mode, count), batch=8, before=begin, mode=mode, delta=0.02)


@pytest.mark.parametrize("mode", ["reject", "correct"])
def test_exactly_k_of_those_that_are_level_are_dropped(mode: str) -> None:
    x, y = torch.zeros(10, 10, dtype=torch.float64, requires_grad=True), torch.zeros(10, 10)
    y[0] = 1
    loss = build_loss("large_loss", mode=mode, delta=0.01)
    loss.on_epoch_start(7, 10)  # ⌈100 · 7 · 0.01⌉, which in floats is more than 7
    (gradient,) = torch.autograd.grad(loss(x, y), x)
    kept = (gradient[1:] > 0).sum()
    assert int(kept) == 90 - 7
    assert bool((gradient[0] < 0).all())


def test_where_fewer_are_negative_than_are_to_be_dropped_no_positive_is() -> None:
    """The k-th loss is 0 then, as that of all positives is."""
    x, y = torch.zeros(4, 5, requires_grad=True), torch.ones(4, 5)
    y[0, 0] = 0
    loss = build_loss("large_loss", mode="correct", delta=0.1)
    loss.on_epoch_start(5, 10)
    (gradient,) = torch.autograd.grad(loss(x, y), x)
    assert bool((gradient < 0).all())
    assert len(gradient.unique()) == 1


def test_parameters_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="delta"):
        build_loss("large_loss", delta=0.2)
