"""`asl` against sums written from its formula, and its two twins."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from mlbench import Outputs, build_loss
from mlbench.losses.conformance.samples import draw
from tests.losses.harness import assert_agrees, gradients, ready


def reference(
    out: Outputs,
    targets: Tensor,
    gamma_neg: float,
    gamma_pos: float,
    clip: float,
    eps: float | None,
    focus_grad: bool,
) -> Tensor:
    total = out.logits.new_zeros(())
    for x, y in zip(out.logits.flatten(), targets.flatten(), strict=True):
        p = torch.sigmoid(x)
        q_m = torch.clamp(1 - p + clip, max=1)
        focus_pos, focus_neg = (1 - p) ** gamma_pos, (1 - q_m) ** gamma_neg
        if not focus_grad:
            focus_pos, focus_neg = focus_pos.detach(), focus_neg.detach()
        floor = eps if eps is not None else 0.0
        log_p, log_qm = p.clamp(min=floor).log(), q_m.clamp(min=floor).log()
        total = total - (y * focus_pos * log_p + (1 - y) * focus_neg * log_qm)
    return total / targets.numel()


@pytest.mark.parametrize("focus_grad", [False, True])
@pytest.mark.parametrize(
    ("gamma_neg", "gamma_pos", "clip", "eps"),
    [(4.0, 0.0, 0.05, None), (4.0, 1.0, 0.0, None), (3.5, 1.5, 0.2, 1e-8), (2.0, 0.0, 0.0, 0.01)],
)
def test_agrees_with_the_formula(
    gamma_neg: float, gamma_pos: float, clip: float, eps: float | None, focus_grad: bool
) -> None:
    given: dict[str, Any] = {
        "gamma_neg": gamma_neg,
        "gamma_pos": gamma_pos,
        "clip": clip,
        "eps": eps,
        "focus_grad": focus_grad,
    }
    assert_agrees("asl", lambda out, y: reference(out, y, **given), **given)


def test_soft_targets_are_taken() -> None:
    soft = torch.tensor([[0.25, 0.0, 1.0], [0.5, 0.9, 0.1]], dtype=torch.float64)
    assert_agrees(
        "asl",
        lambda out, y: reference(out, y, 4.0, 0.0, 0.05, None, False),
        batch=2,
        labels=3,
        targets=soft,
    )


@pytest.mark.parametrize(
    ("own", "other", "others"),
    [
        ({"gamma_neg": 0.0, "gamma_pos": 0.0}, "bce", {}),
        ({"gamma_neg": 2.0, "gamma_pos": 2.0}, "focal", {"gamma": 2.0, "alpha": None}),
    ],
)
def test_twins_agree_in_value_and_gradient(own: dict[str, Any], other: str, others: dict[str, Any]) -> None:
    loss, sample = ready("asl", lambda made: draw(made, 7, 5), **own, clip=0.0, focus_grad=True)
    twin = build_loss(other, **others)
    value, expected = loss(sample.outputs, sample.targets), twin(sample.outputs, sample.targets)
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(gradients(value, sample), gradients(expected, sample))


def test_logarithms_are_exact_far_out() -> None:
    x = torch.tensor([[-200.0, 200.0]], dtype=torch.float32, requires_grad=True)
    build_loss("asl", gamma_neg=0.0, clip=0.0, reduction="sum")(x, torch.tensor([[1, 0]])).backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[-1.0, 1.0]]
