"""What the elementwise losses share: reductions, and their computation in blocks of rows."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mlbench import Loss, build_loss
from mlbench.losses.conformance.samples import draw
from mlbench.losses.parts.elementwise import ElementwiseLoss, power
from mlbench.registry import LOSSES
from tests.losses.harness import gradients, ready

ELEMENTWISE = [name for name in LOSSES.names() if issubclass(LOSSES.get(name), ElementwiseLoss)]


def sample_of(loss: Loss) -> Any:
    return draw(loss, 23, 7)


@pytest.mark.parametrize("block", [1, 7, 20, 100])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_blocks_of_rows_change_neither_value_nor_gradient(
    name: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    loss, sample = ready(name, sample_of)
    loss.on_epoch_start(1, 10)
    loss.eval()
    whole = loss(sample.outputs, sample.targets)
    expected = gradients(whole, sample)
    monkeypatch.setattr("mlbench.losses.parts.elementwise.BLOCK", block)
    value = loss(sample.outputs, sample.targets)
    torch.testing.assert_close(value, whole, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(gradients(value, sample), expected, rtol=1e-12, atol=1e-12)


def test_blocks_leave_room_for_what_stands_before_and_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlbench.losses.parts.elementwise.BLOCK", 8)
    weight = torch.randn(7, requires_grad=True)
    x, y = torch.randn(9, 7), torch.rand(9, 7) < 0.3
    (3 * build_loss("bce")(x * weight, y)).backward()
    gradient = weight.grad
    weight.grad = None
    (3 * nn.functional.binary_cross_entropy_with_logits(x * weight, y.float())).backward()
    torch.testing.assert_close(gradient, weight.grad)
    with torch.no_grad():
        assert not build_loss("bce")(x * weight, y).requires_grad
    assert torch.is_grad_enabled()


def test_a_trainable_parameter_of_the_loss_gets_its_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    class Tempered(ElementwiseLoss):
        needs = {"logits"}

        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(()))

        def elements(self, logits: Tensor, targets: Tensor) -> Tensor:
            return nn.functional.softplus(self.scale * logits * (1 - 2 * targets))

    monkeypatch.setattr("mlbench.losses.parts.elementwise.BLOCK", 8)
    loss = Tempered()
    loss(torch.randn(9, 7, requires_grad=True), torch.zeros(9, 7)).backward()
    assert loss.scale.grad is not None
    assert loss.scale.grad.abs() > 0


def test_reduction_can_be_changed_after_it_is_built_and_an_unknown_one_is_refused() -> None:
    x, y = torch.randn(4, 3), torch.zeros(4, 3)
    loss = build_loss("bce", reduction="sum")
    total = loss(x, y)
    loss.reduction = "batchmean"  # type: ignore[assignment]
    torch.testing.assert_close(loss(x, y), total / 4)
    with pytest.raises(ValueError, match="reduction must be one of"):
        LOSSES.get("bce")(reduction="none")


@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.5, 2.0, 4.0])
def test_power_has_a_finite_gradient_at_zero(exponent: float) -> None:
    base = torch.tensor([0.0, 0.3, 1.0], requires_grad=True)
    value = power(base, exponent)
    torch.testing.assert_close(value, base.detach() ** exponent)
    value.sum().backward()
    assert base.grad is not None
    assert base.grad.isfinite().all()
    assert base.grad[1].item() == pytest.approx(exponent * 0.3 ** (exponent - 1), rel=1e-5)
