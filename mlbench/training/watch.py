"""What is looked at while a cell trains, without making the device wait at every step."""

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

LOOK_EVERY = 50
"""Updates between two looks at whether the loss is still finite."""
LOOK_SECONDS = 1.0
"""An epoch's end is looked at where the last look is so long ago: short epochs are read several at a time."""
NORMS_PER_EPOCH = 4
"""Updates of an epoch whose gradient norm is taken."""
SHOWN_ROWS = 10
"""Rows of a batch that an error names."""
DIAGNOSED_EPOCHS = 20
"""Epochs of a cell in which the loss is diagnosed, at most; evenly spaced."""


@dataclass
class Seen:
    """What is kept of one epoch: numbers, or scalars on the device that were not read yet.

    `number` and `rate`, the epoch's and the factor on the learning rates at its end, are None before its end.
    """

    losses: list[Tensor | float] = field(default_factory=list)
    norms: list[Tensor | float] = field(default_factory=list)
    diagnostics: list[dict[str, float]] = field(default_factory=list)
    number: int | None = None
    rate: float | None = None

    def row(self) -> dict[str, Any]:
        """The epoch's mean loss, gradient norm (of updates that were made) and diagnostics, once all is read."""
        row: dict[str, Any] = {
            "epoch": self.number,
            "loss": float(torch.tensor(self.losses, dtype=torch.float64).mean()),
            "lr_factor": self.rate,
        }
        if self.norms:
            norms = torch.tensor(self.norms, dtype=torch.float32)
            row["gradient_norm"] = float(norms[norms.isfinite()].mean())
        if self.diagnostics:
            row["diagnostics"] = mean_of(self.diagnostics)
        return row


class Watch:
    """What a training sees stays on the device until a `look`, which reads it and gives the rows of the history."""

    def __init__(self, device: torch.device, schedule: Schedule, deadline: float | None) -> None:
        self.device, self.deadline = device, deadline
        steps = schedule.steps_per_epoch
        self.norm_steps = set(range(0, steps, max(1, steps // NORMS_PER_EPOCH)))
        self.diagnosed_steps = {0, steps // 2}
        self.diagnosed_epochs = set(range(0, schedule.epochs, math.ceil(schedule.epochs / DIAGNOSED_EPOCHS)))
        self.clipped = torch.zeros((), device=device)
        self.epochs = [Seen()]
        """Those that ended since the last look, and the one that goes on."""
        self.looked = time.monotonic()

    def saw_loss(self, loss: Tensor) -> None:
        """Keep one update's loss, on the device."""
        self.epochs[-1].losses.append(loss)

    def saw_gradients(self, parameters: Sequence[Tensor], unit: float, clip_norm: float | None) -> None:
        """Keep the norm of all gradients together, in the loss's own scale (they come times `unit`); bring it
        down to `clip_norm` where that is set."""
        norm = gradient_norm(parameters) / unit
        self.epochs[-1].norms.append(norm)
        if clip_norm is not None:
            self.clipped += norm > clip_norm
            scale = (clip_norm / norm.clamp_min(1e-30)).clamp(max=1.0)
            gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
            if gradients:
                torch._foreach_mul_(gradients, scale)

    def diagnoses(self, epoch: int, place: int) -> bool:
        """Whether the loss is to be diagnosed on this batch: two batches an epoch, in a few epochs."""
        return epoch in self.diagnosed_epochs and place in self.diagnosed_steps

    def saw_diagnostics(self, found: dict[str, float]) -> None:
        """Keep what `diagnose` said of one batch."""
        self.epochs[-1].diagnostics.append(found)

    def clipped_share(self, steps: int) -> float:
        """The share of updates whose gradient was clipped."""
        return float(self.clipped) / steps

    def end_epoch(self, number: int, rate: float) -> bool:
        """What is seen from now on is of the next epoch. Says whether the last look is long ago."""
        self.epochs[-1].number, self.epochs[-1].rate = number, rate
        self.epochs.append(Seen())
        return time.monotonic() - self.looked > LOOK_SECONDS

    def check_time(self, step: int) -> None:
        """Raise CellTimeoutError where the deadline passed; waits for nothing."""
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise CellTimeoutError(f"the time limit passed during update {step}")

    def look(self, step: int, rows_of: Callable[[int], Sequence[int]]) -> list[dict[str, Any]]:
        """Rows of the history, of the epochs that ended since the last look. Waits for the device, at most twice;
        raises NonFiniteError or CellTimeoutError where there is reason to. `rows_of` gives the training rows of
        an update."""
        self.check_time(step)
        losses = self._read("losses")
        self._read("norms")
        self.looked = time.monotonic()
        for place, loss in enumerate(losses, start=-len(losses)):
            if not math.isfinite(loss):
                raise self._not_finite(step + place, place, rows_of)
        rows = [epoch.row() for epoch in self.epochs[:-1]]
        del self.epochs[:-1]
        return rows

    def _read(self, name: str) -> list[float]:
        """The scalars that were not read yet, which become numbers."""
        unread = []
        for epoch in self.epochs:
            values = getattr(epoch, name)
            first = len(values)
            while first > 0 and isinstance(values[first - 1], Tensor):
                first -= 1
            unread += [(values, place) for place in range(first, len(values))]
        if not unread:
            return []
        found: list[float] = torch.stack([values[place] for values, place in unread]).tolist()
        for (values, place), value in zip(unread, found, strict=True):
            values[place] = value
        return found

    def _not_finite(self, bad: int, place: int, rows_of: Callable[[int], Sequence[int]]) -> NonFiniteError:
        """About update `bad`, whose loss is at `place`, counted back from the last one seen."""
        seen = iter(reversed(self.epochs))
        epoch = next(seen)
        while (place := place + len(epoch.losses)) < 0:
            epoch = next(seen)
        finite = [float(norm) for norm in epoch.norms if math.isfinite(norm)]
        norms = ", ".join(f"{value:.3g}" for value in finite[-3:]) or "none in this epoch"
        rows = list(rows_of(bad))
        some = ", ".join(str(row) for row in rows[:SHOWN_ROWS]) + (", …" if len(rows) > SHOWN_ROWS else "")
        return NonFiniteError(
            f"the loss was NaN or infinite in update {bad}, on {len(rows)} rows of the training split "
            f"({some}; counted from 0; last finite gradient norms: {norms}); a lower learning rate or a clip_norm "
            "may help, or the loss overflows on this data"
        )

    def state_dict(self) -> dict[str, Any]:
        """What is kept of the epoch so far; those before it were looked at."""
        (epoch,) = self.epochs
        return {
            "clipped": self.clipped,
            "losses": epoch.losses,
            "norms": epoch.norms,
            "diagnostics": epoch.diagnostics,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with a `state_dict`."""
        self.clipped = state["clipped"].to(self.device)
        losses: list[Tensor | float] = [float(loss) for loss in state["losses"]]
        norms: list[Tensor | float] = [float(norm) for norm in state["norms"]]
        self.epochs = [Seen(losses, norms, state["diagnostics"])]


def gradient_norm(parameters: Sequence[Tensor]) -> Tensor:
    """√Σ g² over all gradients, sparse ones included; a scalar on the device."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    dense = [(each.coalesce().values() if each.is_sparse else each).float() for each in gradients]
    if not dense:
        return torch.zeros(())
    return _norm_one_by_one(dense) if dense[0].device.type == "cpu" else _norm_at_once(dense)


def _norm_one_by_one(tensors: list[Tensor]) -> Tensor:
    return torch.stack([each.square().sum() for each in tensors]).sum().sqrt()


def _norm_at_once(tensors: list[Tensor]) -> Tensor:
    """A few kernels for all of them rather than some for each; on a CPU it would save nothing and round otherwise."""
    norm: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(tensors)))
    return norm
