"""`bce` against sums written from its formula."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from mlbench import LabelStats, Outputs, build_loss
from mlbench.suite import parse_suite
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


@pytest.mark.parametrize("name", ["balanced", "propensity"])
def test_weights_by_name_are_refused_before_prepare(name: str) -> None:
    with pytest.raises(ValueError, match="needs prepare"):
        build_loss("bce", pos_weight=name)(torch.zeros(2, 3), torch.zeros(2, 3))


def test_a_list_has_a_weight_for_each_label() -> None:
    weights = [0.0, 1.0, 2.5, 3.0, 10.0]
    assert_agrees("bce", reference(lambda _, k: weights[k], 0.0, "mean"), pos_weight=weights)
    with pytest.raises(ValueError, match="pos_weight has 2 weights for 3 labels"):
        build_loss("bce", pos_weight=[1.0, 2.0])(torch.zeros(2, 3), torch.zeros(2, 3))
    with pytest.raises(ValueError, match="pos_weight"):
        build_loss("bce", pos_weight=[1.0, -2.0])


def test_propensity_weights_are_those_of_pw_bce() -> None:
    x, y = torch.randn(9, 4, dtype=torch.float64), (torch.rand(9, 4) < 0.3).double()
    one, other = build_loss("bce", pos_weight="propensity"), build_loss("pw_bce")
    for loss in (one, other):
        loss.prepare(LabelStats(y.sum(dim=0), 1000))
    torch.testing.assert_close(one(x, y), other(x, y))


def test_a_suite_may_give_a_list() -> None:
    text = 'name = "t"\nseeds = [0]\nlosses = [{ name = "bce", pos_weight = [1.0, 2.0] }]\n'
    text += '[[datasets]]\nname = "synthetic-features"\nlabels = 2\ncardinality = 1.0\n'
    (weights,) = {repr(cell.loss.parameters["pos_weight"]) for cell in parse_suite(text, "t").cells()}
    assert weights == "[1.0, 2.0]"


@pytest.mark.parametrize("weight", [None, 3.0])
def test_what_could_be_asked_for_before_lists_gives_the_same_bits(weight: float | None) -> None:
    """`same_results` names the code of that time, which made published records."""
    x, y = torch.randn(64, 9), (torch.rand(64, 9) < 0.3).float()
    given = None if weight is None else torch.tensor(weight)
    expected = binary_cross_entropy_with_logits(x, y, pos_weight=given, reduction="none").sum() / len(x)
    assert torch.equal(build_loss("bce", pos_weight=weight, reduction="batchmean")(x, y), expected)


def test_soft_targets_are_taken() -> None:
    soft = torch.tensor([[0.25, 0.0, 1.0], [0.5, 0.9, 0.1]], dtype=torch.float64)
    assert_agrees("bce", reference(lambda _, __: 1.0, 0.0, "mean"), batch=2, labels=3, targets=soft)


@pytest.mark.parametrize("parameters", [{"pos_weight": -1.0}, {"label_smoothing": 1.5}])
def test_parameters_out_of_range_are_refused(parameters: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(parameters))):
        build_loss("bce", **parameters)
