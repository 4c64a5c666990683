"""Two losses of one file: one that does to its process what no loss should, and one that is trained after it."""

from __future__ import annotations

import os
from typing import Any

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

import mlbench
from mlbench.losses.base import Loss, Outputs
from tests.runner.faults import log
from tests.runner.hostile_acts import LASTING, RESET


@mlbench.register_loss("hostile_loss")
class HostileLoss(Loss):
    """BCE, after one of the acts. | Nobody, 2026"""

    needs = {"logits"}
    search_space: dict[str, Any] = {}

    def __init__(self, act: str = "") -> None:
        super().__init__()
        self.act, self.done = act, False

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        assert out.logits is not None
        if not self.done:
            self.done = True
            log(f"act {self.act}")
            {**RESET, **LASTING}[self.act]()
        return binary_cross_entropy_with_logits(out.logits, targets)


@mlbench.register_loss("quiet_loss")
class QuietLoss(Loss):
    """BCE times a number, which makes many cells of it. | Nobody, 2026"""

    needs = {"logits"}
    search_space: dict[str, Any] = {}

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        assert out.logits is not None
        log(f"of hostile_loss {os.getpid()}")
        return binary_cross_entropy_with_logits(out.logits, targets) * self.scale
