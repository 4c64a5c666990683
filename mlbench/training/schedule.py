"""How long a cell trains, how its learning rates run, and where on the way it is scored."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mlbench.suite import Protocol


@dataclass(frozen=True)
class Schedule:
    """Epochs and updates of one cell: the same for every loss on the same rows."""

    rows: int
    batch_size: int
    epochs: int
    steps_per_epoch: int
    warmup_steps: int
    decays: bool
    evaluation_steps: tuple[int, ...]

    @classmethod
    def of(cls, protocol: Protocol, rows: int) -> Schedule:
        """The schedule over `rows` training rows: the batch cut to the rows there are, the epochs raised
        until `min_steps` updates are made, K evaluations evenly spaced."""
        batch_size = min(protocol.batch_size, rows)
        steps_per_epoch = math.ceil(rows / batch_size)
        epochs = max(protocol.epochs, math.ceil(protocol.min_steps / steps_per_epoch))
        steps = epochs * steps_per_epoch
        points = protocol.evaluations if protocol.select == "best" else 1
        return cls(
            rows=rows,
            batch_size=batch_size,
            epochs=epochs,
            steps_per_epoch=steps_per_epoch,
            warmup_steps=round(protocol.warmup * steps),
            decays=protocol.schedule == "cosine",
            evaluation_steps=tuple(sorted({max(1, round(steps * k / points)) for k in range(1, points + 1)})),
        )

    @property
    def steps(self) -> int:
        return self.epochs * self.steps_per_epoch

    def factor(self, step: int) -> float:
        """What the peak learning rates are multiplied by in update `step`, counted from 0."""
        if step < self.warmup_steps:
            return (step + 1) / (self.warmup_steps + 1)
        if not self.decays:
            return 1.0
        progress = (step - self.warmup_steps) / max(1, self.steps - self.warmup_steps)
        return 0.5 * (1 + math.cos(math.pi * progress))
