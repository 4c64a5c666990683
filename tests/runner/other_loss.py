"""A loss of a file of its own, which says what trains it."""

from __future__ import annotations

import os
from typing import Any

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

import mlbench
from mlbench.losses.base import Loss, Outputs
from tests.runner.faults import log


@mlbench.register_loss("other_loss")
class OtherLoss(Loss):
    """BCE. | Nobody, 2026"""

    needs = {"logits"}
    search_space: dict[str, Any] = {}

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        assert out.logits is not None
        log(f"of other_loss {os.getpid()}")
        return binary_cross_entropy_with_logits(out.logits, targets)
