"""`cb_focal` against sums written from its formula, weights included."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mlbench import LabelStats, Outputs, build_loss
from tests.losses.harness import assert_agrees


def reference(out: Outputs, targets: Tensor, beta: float, alpha: float) -> Tensor:
    total, batch = 0 * out.logits.sum(), len(targets)
    for k in range(targets.shape[1]):
        count = min(max(int(targets[:, k].sum()), 1), batch - 1)
        weight = 10 * (1 - beta) / (1 - beta**count)
        for x, y in zip(out.logits[:, k], targets[:, k], strict=True):
            p_t = torch.sigmoid(x) if y == 1 else 1 - torch.sigmoid(x)
            total = total - weight * (alpha if y == 1 else 1 - alpha) * (1 - p_t) ** 2 * p_t.log()
    return total / targets.numel()


@pytest.mark.parametrize("beta", [0.0, 0.9, 0.9999])
@pytest.mark.parametrize("alpha", [0.5, 0.25])
def test_agrees_with_the_formula(beta: float, alpha: float) -> None:
    assert_agrees("cb_focal", lambda out, y: reference(out, y, beta, alpha), beta=beta, alpha=alpha)


def test_weights_are_exact_for_a_beta_near_one_and_counts_of_any_type() -> None:
    for counts in (torch.tensor([1, 10], dtype=torch.int32), torch.tensor([1.0, 10.0])):
        loss = build_loss("cb_focal", beta=1 - 1e-9, gamma=0.0, alpha=0.5, scale=1.0, reduction="sum")
        loss.prepare(LabelStats(counts, 100))
        value = loss(torch.zeros(1, 2, dtype=torch.float64), torch.ones(1, 2))
        assert value.item() == pytest.approx(0.5 * 0.6931471805599453 * (1 + 0.1), rel=1e-7)


def test_is_refused_before_prepare_and_for_a_beta_of_one() -> None:
    with pytest.raises(ValueError, match="needs prepare"):
        build_loss("cb_focal")(torch.zeros(2, 3), torch.zeros(2, 3))
    with pytest.raises(ValueError, match="beta"):
        build_loss("cb_focal", beta=1.0)
