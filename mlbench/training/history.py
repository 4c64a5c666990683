"""What a training leaves behind beside the model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class History:
    """A row an epoch, a row an evaluation, and how it was made.

    `evaluations` hold the step, the epoch and the metrics of `Validation`, whatever the protocol selects by; where a
    key names thresholds, they were tuned on one half of validation and scored on the other, so that it is not the
    number of the same key among the cell's metrics, which are tuned and scored on all of it.
    `skipped_steps` are updates that the fp16 gradient scaler left out, `resumed_at` the updates at which the
    training went on from a checkpoint. No time is in it: equal trainings have equal histories.
    """

    epochs: list[dict[str, Any]] = field(default_factory=list)
    evaluations: list[dict[str, Any]] = field(default_factory=list)
    steps: int = 0
    batch_size: int = 0
    clipped_share: float | None = None
    skipped_steps: int | None = None
    selected_step: int | None = None
    resumed_at: list[int] = field(default_factory=list)
