"""Which weights count: the same rule for every loss, and validation alone decides."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from mlbench.models.model import Model
from mlbench.suite import Protocol

Score = Callable[[Model], dict[str, float]]
"""A model's metrics on validation, by name; higher is better."""


class WeightSelection:
    """Scores the model at points of the schedule, and restores the best weights (`select = "best"`) or the last.

    With an `ema` decay the averaged weights are scored and restored; the decay of update t is at most
    (1 + t)/(10 + t), so that in a short training the average is not all of its start. The average is moved here:
    AveragedModel's own way copies its count to the device at every update, and waits for it.
    """

    def __init__(self, model: Model, protocol: Protocol, score: Score) -> None:
        self.keeps_best = protocol.select == "best"
        self.metric = protocol.select_metric
        self.score = score
        self.average: AveragedModel | None = None
        if protocol.ema is not None:
            self.average = AveragedModel(model, use_buffers=False)
            self.decay = protocol.ema
        self.updates = 0
        self.best_score, self.best_step = -math.inf, 0
        self.best: dict[str, Tensor] | None = None

    def after_step(self, model: Model) -> None:
        """Move the average, where there is one."""
        if self.average is None:
            return
        averages: list[Tensor] = list(self.average.module.parameters())
        values: list[Tensor] = list(model.parameters())
        with torch.no_grad():
            if self.updates == 0:
                torch._foreach_copy_(averages, values)
            else:
                decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
                torch._foreach_lerp_(averages, values, 1 - decay)
        self.updates += 1
        self.average.n_averaged += 1

    def evaluate(self, model: Model, step: int) -> dict[str, float]:
        """Score the model as it stands after `step` updates; returns a row for the history."""
        scored = self._scored(model)
        values = self.score(scored)
        value = values[self.metric]
        rank = value if math.isfinite(value) else -1.0
        if rank > self.best_score or not self.keeps_best:
            self.best_score, self.best_step = rank, step
            if self.keeps_best or self.average is not None:
                self.best = copy.deepcopy(scored.state_dict())
        return {"step": step, **values}

    def restore(self, model: Model) -> int:
        """Put the weights that count into `model`; returns the step that they are of."""
        if self.best is not None:
            model.load_state_dict(self.best)
        return self.best_step

    def state_dict(self) -> dict[str, Any]:
        """The best so far, and the average."""
        return {
            "best_score": self.best_score,
            "best_step": self.best_step,
            "best": self.best,
            "average": self.average.state_dict() if self.average is not None else None,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with a `state_dict`."""
        self.best_score, self.best_step, self.best = state["best_score"], state["best_step"], state["best"]
        if self.average is not None:
            self.average.load_state_dict(state["average"])
            self.updates = int(self.average.n_averaged)

    def _scored(self, model: Model) -> Model:
        if self.average is None:
            return model
        averaged: nn.Module = self.average.module
        # Running statistics of norms are not averaged but those of the moment.
        for target, source in zip(averaged.buffers(), model.buffers(), strict=True):
            with torch.no_grad():
                target.copy_(source)
        assert isinstance(averaged, Model)
        return averaged
