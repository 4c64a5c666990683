"""What the losses that compare each positive with its line share."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mlbench.losses.parts import positives
from mlbench.losses.parts.positives import Block, Positives, sum_over
from mlbench.registry import LOSSES
from tests.losses.harness import gradients, ready
from tests.losses.parts.test_elementwise import sample_of

GATHERING = ["smooth_ap", "approx_ndcg", "pauc", "map_surrogate"]


@pytest.mark.parametrize("block", [1, 50, 100])
@pytest.mark.parametrize("name", GATHERING)
def test_blocks_change_neither_value_nor_gradient(
    name: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LOSSES.get(name).gathers
    loss, sample = ready(name, sample_of)
    loss.eval()
    whole = loss(sample.outputs, sample.targets)
    expected = gradients(whole, sample)
    monkeypatch.setitem(positives.BLOCK, "cpu", block)
    value = loss(sample.outputs, sample.targets)
    torch.testing.assert_close(value, whole, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(gradients(value, sample), expected, rtol=1e-12, atol=1e-12)


def test_a_positive_s_gradient_reaches_it_and_its_line() -> None:
    scores = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    chosen = torch.tensor([[1, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 1]])

    def term(block: Block) -> Tensor:
        return (block.own * block.others.square()).sum(dim=1)

    value = 3 * sum_over(scores, Positives.of(chosen), term)
    direct = sum(3 * scores[i, j] * scores[i].square().sum() for i, j in chosen.nonzero().tolist())
    torch.testing.assert_close(value, direct)
    (gradient,), (wanted,) = torch.autograd.grad(value, scores), torch.autograd.grad(direct, scores)
    torch.testing.assert_close(gradient, wanted)
    assert not sum_over(scores.detach(), Positives.of(chosen), term).requires_grad


def test_without_a_positive_it_is_a_connected_zero() -> None:
    scores = torch.randn(3, 4, requires_grad=True)
    value = sum_over(scores, Positives.of(torch.zeros(3, 4)), lambda block: block.own[:, 0])
    assert value.item() == 0
    assert not torch.autograd.grad(value, scores)[0].any()
