"""`map_surrogate` against sums written from its formula, over batches that see rows again."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from mlbench import LabelStats, Outputs, build_loss
from mlbench.losses.parts.rows import NumberedOutputs
from tests.losses.harness import assert_agrees, mean_of


class Reference:
    """The loss with its averages, by loops: the value and what the gradient is of, by row and label."""

    def __init__(self, gamma: float = 0.9, margin: float = 1.0) -> None:
        self.gamma, self.margin = gamma, margin
        self.kept: dict[tuple[int, int], tuple[float, float]] = {}

    def __call__(self, x: Tensor, targets: Tensor, rows: list[int] | None) -> tuple[Tensor, Tensor]:
        batch, labels = targets.shape
        values, surrogates = [], []
        for k in range(labels):
            present = [i for i in range(batch) if targets[i, k] == 1]
            of_label, surrogate = 0.0, 0 * x.sum()
            for i in present:
                losses = [(self.margin - (x[i, k] - x[j, k])).clamp(min=0) ** 2 for j in range(batch)]
                of_all = sum(loss.item() for loss in losses) / batch
                of_present = sum(losses[j].item() for j in present) / batch
                if rows is not None:
                    before = self.kept.get((rows[i], k), (0.0, 0.0))
                    of_all = (1 - self.gamma) * before[0] + self.gamma * of_all
                    of_present = (1 - self.gamma) * before[1] + self.gamma * of_present
                    self.kept[rows[i], k] = of_all, of_present
                of_label += (1 - of_present / of_all) / len(present)
                for j in range(batch):
                    weight = (of_present - of_all * (j in present)) / of_all**2
                    surrogate = surrogate + weight * losses[j] / batch / len(present)
            if present:
                values.append(x.new_tensor(of_label))
                surrogates.append(surrogate)
        return mean_of(values, Outputs(logits=x)), mean_of(surrogates, Outputs(logits=x))


def agrees(loss: Any, reference: Reference, x: Tensor, y: Tensor, rows: list[int] | None) -> None:
    x = x.clone().requires_grad_()
    numbers = None if rows is None else torch.tensor(rows)
    value = loss(NumberedOutputs(logits=x, rows=numbers), y)
    expected, surrogate = reference(x, y, rows)
    torch.testing.assert_close(value, expected, rtol=1e-9, atol=1e-9)
    (gradient,), (wanted,) = torch.autograd.grad(value, x), torch.autograd.grad(surrogate, x)
    torch.testing.assert_close(gradient, wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("margin", [1.0, 0.6])
@pytest.mark.parametrize(("batch", "labels"), [(6, 5), (8, 2), (1, 3)])
def test_agrees_with_the_formula(margin: float, batch: int, labels: int) -> None:
    """Where u and u⁺ are those of the batch, what the gradient is of is minus the mean of their quotients."""

    def quotients(out: Outputs, targets: Tensor) -> Tensor:
        terms = []
        for x, y in zip(out.logits.T, targets.T, strict=True):
            losses = (margin - (x[y == 1][:, None] - x)).clamp(min=0) ** 2
            if len(losses):
                terms.append((1 - (losses * y).sum(dim=1) / losses.sum(dim=1)).mean())
        return mean_of(terms, out)

    assert_agrees("map_surrogate", quotients, batch=batch, labels=labels, gamma=1.0, margin=margin)


@pytest.mark.parametrize("gamma", [0.9, 0.3])
def test_rows_that_are_seen_again_go_on_from_what_they_had(gamma: float) -> None:
    generator = torch.Generator().manual_seed(0)
    y = (torch.rand(10, 4, generator=generator) < torch.tensor([0.5, 0.2, 0.0, 1.0])).double()
    loss, reference = build_loss("map_surrogate", gamma=gamma), Reference(gamma)
    loss.prepare(LabelStats(y.sum(dim=0), 10))
    for rows in ([7, 2, 9, 0], [2, 3, 7, 1], [0, 1, 2, 3], [8, 9, 4, 5, 6], [9, 8, 7, 6]):
        x = torch.randn(len(rows), 4, dtype=torch.float64, generator=generator)
        agrees(loss, reference, x, y[rows], rows)
    assert int(loss.averages.used) == int(y.sum())
    agrees(loss, reference, torch.randn(3, 4, dtype=torch.float64), y[[0, 1, 2]], None)


def test_a_row_that_comes_twice_has_one_pair_of_numbers() -> None:
    """As with two views of it."""
    y = torch.tensor([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 1.0]])
    loss = build_loss("map_surrogate")
    loss.prepare(LabelStats(y.sum(dim=0), 3))
    rows = torch.tensor([2, 0, 2, 0])
    for _ in range(2):
        loss(NumberedOutputs(logits=torch.randn(4, 3), rows=rows), y[rows])
        assert loss.averages.first.tolist() == [2, -1, 0]
        assert int(loss.averages.used) == 4


def test_in_evaluation_a_row_that_was_never_seen_starts_from_nothing() -> None:
    y = torch.ones(4, 2)
    loss = build_loss("map_surrogate", gamma=0.5)
    loss.prepare(LabelStats(y.sum(dim=0), 4))
    loss(NumberedOutputs(logits=torch.randn(2, 2), rows=torch.tensor([0, 1])), y[:2])
    before = [buffer.clone() for buffer in loss.buffers()]
    value = loss.eval()(NumberedOutputs(logits=torch.randn(2, 2), rows=torch.tensor([2, 3])), y[:2])
    assert bool(value.isfinite())
    assert all(map(torch.equal, loss.buffers(), before))


@pytest.mark.parametrize(
    "rows", [torch.tensor([0, 1, 2]), torch.tensor([0.0, 1.0]), torch.tensor([[0], [1]])]
)
def test_rows_of_another_shape_or_kind_are_refused(rows: Tensor) -> None:
    with pytest.raises(ValueError, match=r"rows must be \[2\] integers"):
        build_loss("map_surrogate")(NumberedOutputs(logits=torch.zeros(2, 3), rows=rows), torch.ones(2, 3))


def test_rows_before_prepare_are_refused() -> None:
    with pytest.raises(ValueError, match="need prepare"):
        build_loss("map_surrogate")(
            NumberedOutputs(logits=torch.zeros(2, 3), rows=torch.tensor([0, 1])), torch.ones(2, 3)
        )


def test_numbers_above_what_a_float_can_tell_apart_stay_apart() -> None:
    loss = build_loss("map_surrogate")
    rows = torch.tensor([2**24, 2**24 + 1])
    fields, _ = loss.inputs(NumberedOutputs(logits=torch.zeros(2, 3).half(), rows=rows), torch.ones(2, 3))
    assert fields.rows.tolist() == rows.tolist()
