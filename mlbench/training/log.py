"""The log of a training: what each update leaves stays on the device, and is read now and then, so that the device
need not wait at every step."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from mlbench.errors import CellTimeoutError, NonFiniteError
from mlbench.losses.parts.diagnostics import mean_of
from mlbench.training.schedule import Schedule

READ_EVERY = 50
"""The log is read after so many updates; it is then checked that the loss is still finite."""
READ_SECONDS = 1.0
"""The log is read at an epoch's end where it was last read so long ago: short epochs are read several at a time."""
NORMS_PER_EPOCH = 4
"""Updates of an epoch whose gradient norm is taken."""
SHOWN_ROWS = 10
"""Rows of a batch that an error names."""
DIAGNOSED_EPOCHS = 20
"""Epochs of a cell in which the loss is diagnosed, at most; evenly spaced."""


@dataclass
class History:
    """What a training leaves behind beside the model. No time is in it: equal trainings have equal histories.

    - `epochs`: a row an epoch.
    - `evaluations`: a row an evaluation: the step, the epoch and the metrics of `ValidationSplit`, whatever the
      protocol selects by. Where a key names thresholds, they were tuned on one half of validation and scored on the
      other, so it is not the number of the same key among the cell's metrics, which are tuned and scored on all of it.
    - `steps`: updates in all.
    - `batch_size`: rows of an update.
    - `clipped_share`: the share of updates whose gradient was clipped; None where none may be.
    - `skipped_steps`: updates that the fp16 gradient scaler left out; None where nothing is scaled.
    - `selected_step`: the update after which the weights count.
    - `resumed_at`: the updates at which the training went on from a checkpoint.
    """

    epochs: list[dict[str, Any]] = field(default_factory=list)
    evaluations: list[dict[str, Any]] = field(default_factory=list)
    steps: int = 0
    batch_size: int = 0
    clipped_share: float | None = None
    skipped_steps: int | None = None
    selected_step: int | None = None
    resumed_at: list[int] = field(default_factory=list)


@dataclass
class EpochLog:
    """One epoch's entries: numbers, or scalars on the device that were not read yet.

    - `losses`: of every update.
    - `gradient_norms`: of some updates.
    - `diagnostics`: what `diagnose` said of some batches.
    - `epoch`: its number; None before its end.
    - `lr_factor`: the factor on the learning rates at its end; None before it.
    """

    losses: list[Tensor | float] = field(default_factory=list)
    gradient_norms: list[Tensor | float] = field(default_factory=list)
    diagnostics: list[dict[str, float]] = field(default_factory=list)
    epoch: int | None = None
    lr_factor: float | None = None

    def row(self) -> dict[str, Any]:
        """The epoch's mean loss, gradient norm (of updates that were made) and diagnostics, once all is read."""
        row: dict[str, Any] = {
            "epoch": self.epoch,
            "loss": float(torch.tensor(self.losses, dtype=torch.float64).mean()),
            "lr_factor": self.lr_factor,
        }
        if self.gradient_norms:
            norms = torch.tensor(self.gradient_norms, dtype=torch.float32)
            row["gradient_norm"] = float(norms[norms.isfinite()].mean())
        if self.diagnostics:
            row["diagnostics"] = mean_of(self.diagnostics)
        return row


class Log:
    """What a training logs stays on the device until `read`, which gives the rows of the history."""

    def __init__(self, device: torch.device, schedule: Schedule, deadline: float | None) -> None:
        self.device, self.deadline = device, deadline
        steps = schedule.steps_per_epoch
        self.norm_steps = set(range(0, steps, max(1, steps // NORMS_PER_EPOCH)))
        self.diagnosed_steps = {0, steps // 2}
        self.diagnosed_epochs = set(range(0, schedule.epochs, math.ceil(schedule.epochs / DIAGNOSED_EPOCHS)))
        self.clipped = torch.zeros((), device=device)
        self.epochs = [EpochLog()]
        """Those that ended since the log was last read, and the one that goes on."""
        self.last_read = time.monotonic()

    def add_loss(self, loss: Tensor) -> None:
        """Log one update's loss, on the device."""
        self.epochs[-1].losses.append(loss)

    def wants_gradient_norm(self, step_in_epoch: int) -> bool:
        """Whether the gradient norm of this update is to be logged: a few an epoch."""
        return step_in_epoch in self.norm_steps

    def add_gradient_norm(self, norm: Tensor, clip_norm: float | None) -> None:
        """Log one update's gradient norm, and whether it is above `clip_norm`, where that is set."""
        self.epochs[-1].gradient_norms.append(norm)
        if clip_norm is not None:
            self.clipped += norm > clip_norm

    def wants_diagnostics(self, epoch: int, step_in_epoch: int) -> bool:
        """Whether the loss is to be diagnosed on this batch: two batches an epoch, in a few epochs."""
        return epoch in self.diagnosed_epochs and step_in_epoch in self.diagnosed_steps

    def add_diagnostics(self, found: dict[str, float]) -> None:
        """Log what `diagnose` said of one batch."""
        self.epochs[-1].diagnostics.append(found)

    def clipped_share(self, steps: int) -> float:
        """The share of updates whose gradient was clipped."""
        return float(self.clipped) / steps

    def end_epoch(self, epoch: int, lr_factor: float) -> bool:
        """What is logged from now on is of the next epoch. Says whether the log was last read long ago."""
        self.epochs[-1].epoch, self.epochs[-1].lr_factor = epoch, lr_factor
        self.epochs.append(EpochLog())
        return time.monotonic() - self.last_read > READ_SECONDS

    def check_time(self, step: int) -> None:
        """Raise CellTimeoutError where the deadline passed; waits for nothing."""
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise CellTimeoutError(f"the time limit passed during update {step}")

    def read(self, step: int, rows_of: Callable[[int], Sequence[int]]) -> list[dict[str, Any]]:
        """Rows of the history, of the epochs that ended since the log was last read. Waits for the device, at most
        twice; raises NonFiniteError or CellTimeoutError where there is reason to. `rows_of` gives the training rows
        of an update."""
        self.check_time(step)
        losses = self._read_scalars("losses")
        self._read_scalars("gradient_norms")
        self.last_read = time.monotonic()
        for back, loss in enumerate(losses, start=-len(losses)):
            if not math.isfinite(loss):
                raise self._not_finite(step + back, back, rows_of)
        rows = [epoch.row() for epoch in self.epochs[:-1]]
        del self.epochs[:-1]
        return rows

    def _read_scalars(self, name: str) -> list[float]:
        """The scalars that were not read yet, which become numbers."""
        unread = []
        for epoch in self.epochs:
            values = getattr(epoch, name)
            first = len(values)
            while first > 0 and isinstance(values[first - 1], Tensor):
                first -= 1
            unread += [(values, index) for index in range(first, len(values))]
        if not unread:
            return []
        found: list[float] = torch.stack([values[index] for values, index in unread]).tolist()
        for (values, index), value in zip(unread, found, strict=True):
            values[index] = value
        return found

    def _not_finite(self, step: int, back: int, rows_of: Callable[[int], Sequence[int]]) -> NonFiniteError:
        """About update `step`, whose loss is at `back`, counted back from the last one logged."""
        later = iter(reversed(self.epochs))
        epoch = next(later)
        while (back := back + len(epoch.losses)) < 0:
            epoch = next(later)
        finite = [float(norm) for norm in epoch.gradient_norms if math.isfinite(norm)]
        norms = ", ".join(f"{value:.3g}" for value in finite[-3:]) or "none in this epoch"
        rows = list(rows_of(step))
        some = ", ".join(str(row) for row in rows[:SHOWN_ROWS]) + (", …" if len(rows) > SHOWN_ROWS else "")
        return NonFiniteError(
            f"the loss was NaN or infinite in update {step}, on {len(rows)} rows of the training split "
            f"({some}; counted from 0; last finite gradient norms: {norms}); a lower learning rate or a clip_norm "
            "may help, or the loss overflows on this data"
        )

    def state_dict(self) -> dict[str, Any]:
        """The log of the epoch so far; those before it were read."""
        (epoch,) = self.epochs
        return {
            "clipped": self.clipped,
            "losses": epoch.losses,
            "gradient_norms": epoch.gradient_norms,
            "diagnostics": epoch.diagnostics,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with a `state_dict`."""
        self.clipped = state["clipped"].to(self.device)
        losses: list[Tensor | float] = [float(loss) for loss in state["losses"]]
        norms: list[Tensor | float] = [float(norm) for norm in state["gradient_norms"]]
        self.epochs = [EpochLog(losses, norms, state["diagnostics"])]
