"""`bce` against sums written from its formula."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from mlbench import LabelStats, Outputs, build_loss
from tests.losses.harness import assert_agrees


def reference(weight: Callable[[Tensor, int], float], smoothing: float, reduction: str) -> Any:
    def value(out: Outputs, targets: Tensor) -> Tensor:
        total = out.logits.new_zeros(())
        batch, labels = targets.shape
        for i in range(batch):
            for k in range(labels):
                p = torch.sigmoid(out.logits[i, k])
                y = targets[i, k] * (1 - smoothing) + smoothing / 2
                total = total - (weight(targets, k) * y * p.log() + (1 - y) * (1 - p).log())
        return total / {"mean": batch * labels, "batchmean": batch, "sum": 1}[reduction]

    return value


@pytest.mark.parametrize("reduction", ["mean", "batchmean", "sum"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_agrees_with_the_formula(reduction: str, smoothing: float) -> None:
    assert_agrees(
        "bce",
        reference(lambda _, __: 3.0, smoothing, reduction),
        pos_weight=3.0,
        label_smoothing=smoothing,
        reduction=reduction,
    )


def test_balanced_weights_come_from_the_training_counts_clamped_and_capped() -> None:
    def weight(targets: Tensor, label: int) -> float:
        count = min(max(int(targets[:, label].sum()), 1), len(targets) - 1)
        return (len(targets) - count) / count

    assert_agrees("bce", reference(weight, 0.0, "mean"), pos_weight="balanced")
    loss = build_loss("bce", pos_weight="balanced", reduction="sum")
    loss.prepare(LabelStats(torch.tensor([0, 1000]), 1000))
    value = loss(torch.zeros(1, 2, dtype=torch.float64), torch.ones(1, 2))
    assert value.item() == pytest.approx((100 + 1 / 999) * torch.log(torch.tensor(2.0)).item())


def test_balanced_weights_are_refused_before_prepare() -> None:
    with pytest.raises(ValueError, match="needs prepare"):
        build_loss("bce", pos_weight="balanced")(torch.zeros(2, 3), torch.zeros(2, 3))


def test_soft_targets_are_taken() -> None:
    soft = torch.tensor([[0.25, 0.0, 1.0], [0.5, 0.9, 0.1]], dtype=torch.float64)
    assert_agrees("bce", reference(lambda _, __: 1.0, 0.0, "mean"), batch=2, labels=3, targets=soft)


@pytest.mark.parametrize("parameters", [{"pos_weight": -1.0}, {"label_smoothing": 1.5}])
def test_parameters_out_of_range_are_refused(parameters: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(parameters))):
        build_loss("bce", **parameters)
