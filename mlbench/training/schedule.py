"""How long a cell trains, how its learning rates run, and where on the way it is scored."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mlbench.suite import Protocol

FIRST, LAST = 1 / 25, 1 / 25 / 1e4
"""Of OneCycle: the first and the last learning rate, as a share of the peak."""
BETA1, BETA1_AT_PEAK = 0.95, 0.85
"""Of OneCycle: Adam's first moment decays the more slowly, the lower the rate is."""


@dataclass(frozen=True)
class Schedule:
    """Epochs and updates of one cell: the same for every loss on the same rows.

    - `rows`: training rows.
    - `batch_size`: rows of an update, no more than there are.
    - `epochs`: as many as make `min_steps` updates, at least.
    - `steps_per_epoch`: updates of an epoch.
    - `kind`: how the learning rates run: "cosine", "constant" or "onecycle".
    - `warmup`: the share of the updates in which they rise.
    - `evaluation_steps`: the updates after which the model is scored on validation.
    """

    rows: int
    batch_size: int
    epochs: int
    steps_per_epoch: int
    kind: str
    warmup: float
    evaluation_steps: tuple[int, ...]

    @classmethod
    def of(cls, protocol: Protocol, rows: int) -> Schedule:
        """The schedule over `rows` training rows: the batch cut to the rows there are, the epochs raised
        until `min_steps` updates are made, K evaluations evenly spaced."""
        batch_size = min(protocol.batch_size, rows)
        steps_per_epoch = math.ceil(rows / batch_size)
        epochs = protocol.epochs_over(rows)
        steps = epochs * steps_per_epoch
        points = protocol.evaluations if protocol.select == "best" else 1
        return cls(
            rows=rows,
            batch_size=batch_size,
            epochs=epochs,
            steps_per_epoch=steps_per_epoch,
            kind=protocol.schedule,
            warmup=protocol.warmup,
            evaluation_steps=tuple(sorted({max(1, round(steps * k / points)) for k in range(1, points + 1)})),
        )

    @property
    def steps(self) -> int:
        return self.epochs * self.steps_per_epoch

    @property
    def warmup_steps(self) -> int:
        """Updates in which the rates of a cosine or constant schedule rise."""
        return round(self.warmup * self.steps)

    def factor(self, step: int) -> float:
        """What the peak learning rates are multiplied by in update `step`, counted from 0."""
        if self.kind == "onecycle":
            return self._cycle(step, FIRST, 1.0, LAST)
        if step < self.warmup_steps:
            return (step + 1) / (self.warmup_steps + 1)
        if self.kind == "constant":
            return 1.0
        return _anneal(1.0, 0.0, (step - self.warmup_steps) / max(1, self.steps - self.warmup_steps))

    def beta1(self, step: int) -> float | None:
        """Adam's decay of the first moment in update `step`; None where the schedule leaves it alone."""
        return self._cycle(step, BETA1, BETA1_AT_PEAK, BETA1) if self.kind == "onecycle" else None

    def _cycle(self, step: int, first: float, peak: float, last: float) -> float:
        """`first` → `peak` → `last` along half cosines, the peak where `warmup` of the updates are made: Smith
        and Topin 2018 (arXiv 1708.07120), by the formula of torch's OneCycleLR."""
        turn = self.warmup * self.steps - 1
        if step < turn:
            return _anneal(first, peak, step / turn)
        return _anneal(peak, last, (step - turn) / (self.steps - 1 - turn))


def _anneal(start: float, end: float, share: float) -> float:
    """From `start` to `end` along half a cosine."""
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))
