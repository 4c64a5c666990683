"""`eqlv2` against sums written from its formula, over several batches."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from mlbench import LabelStats, Outputs, build_loss
from tests.losses.harness import assert_agrees


class Reference:
    """The loss with its sums, by loops."""

    def __init__(self, labels: int, gamma: float = 12, mu: float = 0.8, alpha: float = 4) -> None:
        self.gamma, self.mu, self.alpha = gamma, mu, alpha
        self.positive, self.negative = [0.0] * labels, [0.0] * labels

    def weights(self, k: int) -> tuple[float, float]:
        fresh = self.positive[k] == self.negative[k] == 0
        quotient = 100 if fresh else self.positive[k] / max(self.negative[k], 1e-10)
        low = 1 / (1 + math.exp(-self.gamma * (quotient - self.mu)))
        return 1 + self.alpha * (1 - low), low

    def __call__(self, out: Outputs, targets: Tensor) -> Tensor:
        batch, labels = targets.shape
        total, weights = 0 * out.logits.sum(), [self.weights(k) for k in range(labels)]
        for k, (high, low) in enumerate(weights):
            for x, y in zip(out.logits[:, k], targets[:, k], strict=True):
                p = torch.sigmoid(x)
                if y == 1:
                    total = total - high * p.log()
                    self.positive[k] += high * (1 - p.item())
                else:
                    total = total - low * (1 - p).log()
                    self.negative[k] += low * p.item()
        return total / (batch * labels)


@pytest.mark.parametrize(("batch", "labels"), [(6, 5), (8, 2), (1, 1)])
def test_agrees_with_the_formula(batch: int, labels: int) -> None:
    assert_agrees("eqlv2", Reference(labels), batch=batch, labels=labels)


def test_it_goes_on_from_what_it_saw() -> None:
    loss, reference = build_loss("eqlv2", gamma=6.0, mu=0.4, alpha=2.0), Reference(4, 6, 0.4, 2)
    loss.prepare(LabelStats(torch.tensor([1, 2, 3, 0]), 9))
    generator = torch.Generator().manual_seed(0)
    values = []
    for _ in range(5):
        x = torch.randn(7, 4, dtype=torch.float64, generator=generator)
        y = (torch.rand(7, 4, generator=generator) < torch.tensor([0.1, 0.3, 0.8, 0.0])).double()
        values.append(loss(x, y).item())
        assert values[-1] == pytest.approx(reference(Outputs(logits=x), y).item(), rel=1e-9)
    seen = torch.tensor([reference.positive, reference.negative], dtype=torch.float64)
    torch.testing.assert_close(loss.sums, seen)
    high, low = loss.weights(torch.ones(1, 4))[0], loss.weights(torch.zeros(1, 4))[0]
    assert high[3] > 2.5 > 1.1 > high[2], "the positives of a label that is never there would count more"
    assert low[3] < 0.1 < 0.9 < low[2], "and its negatives count less"
    loss.prepare(LabelStats(torch.tensor([1, 2, 3, 0]), 9))
    assert not loss.sums.any()


def test_its_first_batch_is_bce() -> None:
    x, y = torch.randn(5, 3, dtype=torch.float64), (torch.rand(5, 3) < 0.5).double()
    loss = build_loss("eqlv2")
    with pytest.raises(ValueError, match="needs prepare"):
        loss(x, y)
    loss.prepare(LabelStats(y.sum(dim=0), 5))
    torch.testing.assert_close(loss(x, y), build_loss("bce")(x, y))
