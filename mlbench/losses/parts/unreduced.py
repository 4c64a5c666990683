"""The terms of an elementwise loss as they are, for training loops that reduce them in a way of their own."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from mlbench.errors import ConfigError
from mlbench.losses.base import LabelStats, Loss, Outputs
from mlbench.losses.parts.elementwise import ElementwiseLoss


@runtime_checkable
class OwnTerms(Protocol):
    """A loss whose terms [B, L] are not of logits and targets alone."""

    def terms(self, out: Outputs, targets: Tensor) -> Tensor: ...


class Unreduced(Loss):
    """An elementwise loss that gives its terms [B, L] in place of a scalar; 0 where it leaves out what is unknown.

    What it was built with, its buffers and hooks are those of the loss.
    """

    needs = {"logits"}
    accepts = {"known"}

    def __init__(self, loss: ElementwiseLoss) -> None:
        super().__init__()
        self.loss, self.threshold = loss, loss.threshold

    def prepare(self, stats: LabelStats) -> None:
        self.loss.prepare(stats)

    def on_epoch_start(self, epoch: int, epochs: int) -> None:
        self.loss.on_epoch_start(epoch, epochs)

    def __call__(self, out: Outputs | Tensor, targets: Tensor) -> Tensor:
        fields, targets = self.loss.inputs(out, targets)
        with torch.autocast(targets.device.type, enabled=False):
            return self.forward(fields, targets)

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        if isinstance(self.loss, OwnTerms):
            return self.loss.terms(out, targets)
        terms = self.loss.elements(out.logits, targets)
        return terms if out.known is None else terms * out.known


def unreduced(loss: Loss, name: str) -> Unreduced:
    """`loss`, registered as `name`, with its terms as they are; raises ConfigError where it is not a sum of terms."""
    if not isinstance(loss, ElementwiseLoss):
        raise ConfigError(
            f"loss {name!r} has no term for each entry: reduction = 'none' is for elementwise losses"
        )
    return Unreduced(loss)
