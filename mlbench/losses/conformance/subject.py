"""What a property is tried on: a loss, and a sample drawn for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from mlbench.code.declarations import Declaration
from mlbench.losses.base import Loss
from mlbench.losses.conformance.samples import LossSample, draw
from mlbench.registry import LOSSES


@dataclass(frozen=True)
class LossUnderTest:
    """A loss that is tried, and how to build it.

    - `declaration`: what its source says of it.
    """

    declaration: Declaration

    def build(self, **parameters: Any) -> Loss:
        """A new loss with these parameters, the others at their defaults."""
        loss: Loss = LOSSES.build(self.declaration.name, **parameters)
        return loss

    @property
    def cls(self) -> type[Loss]:
        """The class itself."""
        found: type[Loss] = LOSSES.get(self.declaration.name)
        return found

    def ready(
        self, batch: int, labels: int, parameters: Mapping[str, Any] | None = None, **drawn: Any
    ) -> tuple[Loss, LossSample]:
        """A loss, prepared and in its second epoch, and a sample drawn for it; one with state is past its first batch,
        and in evaluation mode, where its state rests."""
        loss = self.build(**(parameters or {}))
        sample = draw(loss, batch, labels, **drawn)
        return in_training(loss, sample), sample


def in_training(loss: Loss, sample: LossSample) -> Loss:
    """`loss` after `prepare` with the sample's counts and `on_epoch_start(1, 10)`; one with state has then seen the
    sample once, and is in evaluation mode."""
    loss.prepare(sample.stats)
    loss.on_epoch_start(1, 10)
    if loss.stateful:
        value_of(loss, sample)
        loss.eval()
    return loss


def value_of(loss: Loss, sample: LossSample) -> Tensor:
    """The loss of the sample."""
    return loss(sample.outputs, sample.targets)


def same(one: Tensor, other: Tensor, tolerance: float) -> bool:
    """Equal up to `tolerance`, relative to the larger of 1 and the second."""
    scale = max(1.0, abs(float(other.detach())))
    return bool(abs(float(one.detach()) - float(other.detach())) <= tolerance * scale)
