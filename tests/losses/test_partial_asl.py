"""`partial_asl` against sums written from its formula, with entries that are unknown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from mlbench import Outputs, build_loss
from mlbench.losses.conformance.samples import draw
from tests.losses.harness import assert_agrees, gradients

KNOWN = (torch.arange(30).view(6, 5) % 4 > 0).double()


def reference(
    out: Outputs,
    targets: Tensor,
    gammas: tuple[float, float, float] = (0, 1, 2),
    weight: float = 1,
    clip: float = 0,
    reduction: str = "mean",
) -> Tensor:
    batch, labels = targets.shape
    known = torch.ones_like(targets) if out.known is None else out.known
    total = 0 * out.logits.sum()
    for i in range(batch):
        for k in range(labels):
            p = torch.sigmoid(out.logits[i, k])
            q = (1 - p + clip).clamp(max=1)
            if targets[i, k] == 1:
                total = total - (1 - p) ** gammas[0] * p.log()
            elif known[i, k]:
                total = total - (1 - q) ** gammas[1] * q.log()
            else:
                total = total - weight * (1 - q) ** gammas[2] * q.log()
    return total / {"mean": batch * labels, "batchmean": batch, "sum": 1}[reduction]


def agrees_with_unknown(wanted: dict[str, Any], **parameters: Any) -> None:
    loss = build_loss("partial_asl", focus_grad=True, **parameters)
    sample = draw(loss, 6, 5)
    targets = sample.targets * KNOWN
    out = replace(sample.outputs, known=KNOWN)
    value, expected = loss(out, targets), reference(out, targets, **wanted)
    torch.testing.assert_close(value, expected, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(gradients(value, sample), gradients(expected, sample), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("reduction", ["mean", "batchmean", "sum"])
def test_agrees_with_the_formula(reduction: str) -> None:
    assert_agrees(
        "partial_asl",
        lambda out, y: reference(out, y, reduction=reduction),
        reduction=reduction,
        focus_grad=True,
    )
    agrees_with_unknown({"reduction": reduction}, reduction=reduction)


def test_other_constants() -> None:
    agrees_with_unknown(
        {"gammas": (1, 2, 3), "weight": 0.5, "clip": 0.05},
        gamma_pos=1.0,
        gamma_neg=2.0,
        gamma_unknown=3.0,
        weight_unknown=0.5,
        clip=0.05,
    )


def test_without_weight_it_is_asl_that_leaves_them_out() -> None:
    exponents = {"gamma_neg": 1.0, "gamma_pos": 0.0, "clip": 0.0, "reduction": "sum"}
    loss, twin = build_loss("partial_asl", weight_unknown=0.0, **exponents), build_loss("asl", **exponents)
    sample = draw(loss, 6, 5)
    out, targets = replace(sample.outputs, known=KNOWN), sample.targets * KNOWN
    torch.testing.assert_close(loss(out, targets), twin(out, targets), rtol=1e-12, atol=1e-12)


def test_extreme_logits_of_unknown_entries_are_finite() -> None:
    x = torch.tensor([[90.0, -90.0], [1e4, -1e4]], requires_grad=True)
    out = Outputs(logits=x, known=torch.zeros(2, 2))
    value = build_loss("partial_asl")(out, torch.zeros(2, 2))
    (gradient,) = torch.autograd.grad(value, x)
    assert bool(value.isfinite())
    assert bool(gradient.isfinite().all())
