"""`logit_adjusted` against sums written from its formula."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from mlbench import LabelStats, Outputs, build_loss
from mlbench.losses.parts.frequencies import starting_logits
from tests.losses.harness import assert_agrees


def reference(out: Outputs, targets: Tensor, tau: float) -> Tensor:
    batch, labels = targets.shape
    total = 0 * out.logits.sum()
    for i in range(batch):
        for k in range(labels):
            count = min(max(int(targets[:, k].sum()), 1), batch - 1)
            p = torch.sigmoid(out.logits[i, k] + tau * math.log(count / (batch - count)))
            total = total - (p.log() if targets[i, k] == 1 else (1 - p).log())
    return total / (batch * labels)


@pytest.mark.parametrize("tau", [0.0, 1.0, 1.5])
@pytest.mark.parametrize(("batch", "labels"), [(6, 5), (8, 2), (3, 1)])
def test_agrees_with_the_formula(tau: float, batch: int, labels: int) -> None:
    assert_agrees(
        "logit_adjusted", lambda out, y: reference(out, y, tau), batch=batch, labels=labels, tau=tau
    )


def test_its_logits_start_where_its_probabilities_are_the_frequencies() -> None:
    stats = LabelStats(torch.tensor([1, 40, 99]), 100)
    loss = build_loss("logit_adjusted", tau=0.7)
    with pytest.raises(ValueError, match="needs prepare"):
        starting_logits(loss, stats)
    loss.prepare(stats)
    added = torch.tensor([math.log(n / (100 - n)) for n in (1, 40, 99)], dtype=torch.float64)
    torch.testing.assert_close(starting_logits(loss, stats), stats.log_odds() - 0.7 * added)
    assert torch.equal(starting_logits(build_loss("bce"), stats), stats.log_odds())


def test_an_entry_that_is_unknown_moves_nothing() -> None:
    loss = build_loss("logit_adjusted")
    loss.prepare(LabelStats(torch.tensor([3, 5]), 20, torch.tensor([10, 20])))
    assert loss.added.tolist() == pytest.approx([math.log(3 / 7), math.log(5 / 15)])


def test_a_tau_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="tau"):
        build_loss("logit_adjusted", tau=-1.0)
