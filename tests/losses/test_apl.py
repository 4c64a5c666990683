"""`apl` against sums written from its formula."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from mlbench import Outputs
from tests.losses.harness import assert_agrees


def reference(
    out: Outputs,
    targets: Tensor,
    gamma_neg: float = 4.0,
    gamma_pos: float = 0.0,
    clip: float = 0.05,
    eps: float | None = None,
    eps_pos: float = 1.0,
    eps_pos2: float = -2.5,
    eps_neg: float = 0.0,
    focus_grad: bool = False,
    lam: float | None = None,
) -> Tensor:
    total = 0 * out.logits.sum()
    for x, y in zip(out.logits.flatten(), targets.flatten(), strict=True):
        p = torch.sigmoid(x)
        q_m = torch.clamp(1 - p + clip, max=1)
        focus_pos, focus_neg = (1 - p) ** gamma_pos, (1 - q_m) ** gamma_neg
        if not focus_grad:
            focus_pos, focus_neg = focus_pos.detach(), focus_neg.detach()
        floor = eps or 0.0
        positive = p.clamp(min=floor).log() + eps_pos * (1 - p) + 0.5 * eps_pos2 * (1 - p) ** 2
        negative = q_m.clamp(min=floor).log() + eps_neg * q_m
        if lam is not None:
            negative = negative * (lam - p) * p**2 * (lam - q_m)
        total = total - y * focus_pos * positive - (1 - y) * focus_neg * negative
    return total / targets.numel()


CASES: list[dict[str, Any]] = [
    {},
    {"focus_grad": True, "gamma_pos": 1.0, "clip": 0.0},
    {"eps_pos": 0.5, "eps_pos2": 1.0, "eps_neg": -0.7, "eps": 1e-8},
]


@pytest.mark.parametrize("given", CASES)
def test_agrees_with_the_formula(given: dict[str, Any]) -> None:
    assert_agrees("apl", lambda out, y: reference(out, y, **given), **given)
