"""A loss that learns a number, moves a buffer, and counts, draws and remembers in attributes of its own."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

import mlbench
from mlbench.losses.base import Loss, Outputs


@mlbench.register_loss("keeping_loss")
class KeepingLoss(Loss):
    """BCE at a learnt temperature, weighted by what it has seen. | Nobody, 2026"""

    needs = {"logits"}
    search_space: dict[str, Any] = {}
    stateful = True
    running: Tensor
    hidden: Tensor

    def __init__(self, momentum: float = 0.9) -> None:
        super().__init__()
        self.momentum = momentum
        self.scale = nn.Parameter(torch.zeros(()))
        self.register_buffer("running", torch.zeros(()))
        self.register_buffer("hidden", torch.ones(()), persistent=False)
        self.calls, self.last = 0, (torch.zeros(()), 1.0)
        self.seen: list[float] = []
        self.by_epoch: dict[int, int] = {}
        self.generator = torch.Generator().manual_seed(3)
        self.inner = nn.Module()
        self.inner.level = 0.0
        self.epoch = 0

    def get_extra_state(self) -> dict[str, int]:
        return {"calls": self.calls}

    def set_extra_state(self, state: dict[str, int]) -> None:
        self.calls = state["calls"]

    def on_epoch_start(self, epoch: int, epochs: int) -> None:
        self.epoch = epoch

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        assert out.logits is not None
        value = binary_cross_entropy_with_logits(out.logits * self.scale.exp(), targets)
        if self.training:
            with torch.no_grad():
                self.running.lerp_(value.to(self.running.dtype), 1 - self.momentum)
                self.hidden.mul_(1 + 0.01 * torch.rand((), generator=self.generator))
            self.calls += 1
            self.seen = [*self.seen[-3:], float(value.detach())]
            self.by_epoch[self.epoch] = self.by_epoch.get(self.epoch, 0) + 1
            self.last = (self.running.clone(), self.last[1] * 0.99)
            self.inner.level += 0.01  # type: ignore[assignment, operator]
        weight = self.hidden + self.running + self.last[0] + self.last[1] + sum(self.seen) + self.inner.level
        return value * weight / (1 + 0.001 * self.calls + 0.01 * sum(self.by_epoch.values()))
