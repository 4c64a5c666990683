"""`bce_supcon` is its two parts."""

from __future__ import annotations

from typing import Any

import pytest
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from mlbench import Outputs, build_loss
from mlbench.losses.conformance.samples import draw
from tests.losses.harness import assert_agrees, ready
from tests.losses.test_supcon import reference as supcon_reference


@pytest.mark.parametrize("positives", ["any", "all"])
@pytest.mark.parametrize("alpha", [0.0, 0.1, 1.0])
def test_agrees_with_the_formula(alpha: float, positives: str) -> None:
    def reference(out: Outputs, targets: Tensor) -> Tensor:
        bce = binary_cross_entropy_with_logits(out.logits, targets)
        return (1 - alpha) * bce + alpha * supcon_reference(out, targets, positives, 0.2)

    given: dict[str, Any] = {"alpha": alpha, "temperature": 0.2, "positives": positives}
    assert_agrees("bce_supcon", reference, **given)


def test_components_are_its_two_parts() -> None:
    loss, sample = ready("bce_supcon", lambda made: draw(made, 6, 5))
    value = loss(sample.outputs, sample.targets)
    parts = loss.components
    assert value.item() == pytest.approx(0.9 * parts["bce"].item() + 0.1 * parts["contrast"].item())


def test_takes_no_memory() -> None:
    assert "memory" not in build_loss("bce_supcon").accepts
