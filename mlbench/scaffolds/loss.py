"""A loss to start from."""

from __future__ import annotations

CODE = '''from __future__ import annotations

from typing import Literal

from torch import Tensor
from torch.nn.functional import softplus

from mlbench import Choice, register_loss
from mlbench.losses.parts.checks import nonnegative
from mlbench.losses.parts.elementwise import ElementwiseLoss


@register_loss("NAME")
class CLASS(ElementwiseLoss):
    """One line that says what it does: here, the logistic loss with a margin.

        log(1 + e^{margin − x}) where y = 1,   log(1 + e^{margin + x}) where y = 0

    Shapes: logits x and targets y, both [B, L]; a scalar under `reduction`.
    Errors: ValueError for a margin below 0.
    Source: author, year, title, link; where the constants come from, and where published code differs.
    """

    needs = {"logits"}
    search_space = {"margin": Choice(0.0, 0.5, 1.0)}

    def __init__(self, margin: float = 0.5, reduction: Literal["mean", "batchmean", "sum"] = "mean") -> None:
        super().__init__(reduction)
        self.margin = nonnegative("margin", margin)

    def elements(self, logits: Tensor, targets: Tensor) -> Tensor:
        return softplus(self.margin + logits * (1 - 2 * targets))
'''

TEST = '''"""`NAME` against sums written from its formula."""

from __future__ import annotations

# PATH
import pytest
import torch
from torch import Tensor

from mlbench import Outputs, build_loss
from mlbench.losses.conformance import check
from mlbench.losses.conformance.samples import draw
# LOADING


def reference(out: Outputs, targets: Tensor, margin: float) -> Tensor:
    total = 0 * out.logits.sum()
    for x, y in zip(out.logits.flatten(), targets.flatten(), strict=True):
        total = total + torch.log(1 + torch.exp(margin + (-x if y == 1 else x)))
    return total / targets.numel()


@pytest.mark.parametrize("margin", [0.0, 0.5])
def test_agrees_with_the_formula(margin: float) -> None:
    loss = build_loss("NAME", margin=margin)
    sample = draw(loss, 6, 5)
    value, expected = loss(sample.outputs, sample.targets), reference(sample.outputs, sample.targets, margin)
    torch.testing.assert_close(value, expected)
    leaves = list(sample.leaves.values())
    torch.testing.assert_close(torch.autograd.grad(value, leaves), torch.autograd.grad(expected, leaves))


def test_passes_the_conformance_suite() -> None:
    assert [str(verdict) for verdict in check("NAME") if verdict.passed is False] == []
'''
