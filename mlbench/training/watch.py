"""What is looked at while a cell trains, without making the device wait at every step."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from mlbench.errors import CellTimeoutError, NonFiniteError
from mlbench.losses.diagnostics import mean_of
from mlbench.training.schedule import Schedule

LOOK_EVERY = 50
"""Updates between two looks at whether the loss is still finite."""
NORMS_PER_EPOCH = 4
"""Updates of an epoch whose gradient norm is taken."""
SHOWN_ROWS = 10
"""Rows of a batch that an error names."""
KEPT = ("clipped", "losses", "finite", "norms", "diagnostics")
DIAGNOSED_EPOCHS = 20
"""Epochs of a cell in which the loss is diagnosed, at most; evenly spaced."""


class Watch:
    """What is kept on the device; `look` reads some of it, `close_epoch` returns an epoch's row of the history."""

    def __init__(self, device: torch.device, schedule: Schedule, deadline: float | None) -> None:
        self.device, self.deadline = device, deadline
        steps = schedule.steps_per_epoch
        self.norm_steps = set(range(0, steps, max(1, steps // NORMS_PER_EPOCH)))
        self.diagnosed_steps = {0, steps // 2}
        self.diagnosed_epochs = set(range(0, schedule.epochs, math.ceil(schedule.epochs / DIAGNOSED_EPOCHS)))
        self.clipped = torch.zeros((), device=device)
        self._start_epoch()

    def _start_epoch(self) -> None:
        self.losses: list[Tensor] = []
        self.finite = 0
        self.norms: list[Tensor] = []
        self.diagnostics: list[dict[str, float]] = []

    def saw_loss(self, loss: Tensor) -> None:
        """Keep one update's loss, on the device."""
        self.losses.append(loss)

    def saw_gradients(self, parameters: Sequence[Tensor], unit: float, clip_norm: float | None) -> None:
        """Keep the norm of all gradients together, in the loss's own scale (they come times `unit`); bring it
        down to `clip_norm` where that is set."""
        norm = gradient_norm(parameters) / unit
        self.norms.append(norm)
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
        self.diagnostics.append(found)

    def clipped_share(self, steps: int) -> float:
        """The share of updates whose gradient was clipped."""
        return float(self.clipped) / steps

    def look(self, step: int, rows_of: Callable[[int], Sequence[int]]) -> None:
        """Raise NonFiniteError or CellTimeoutError where there is reason to; waits for the device. `rows_of`
        gives the training rows of an update."""
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise CellTimeoutError(f"the time limit passed during update {step}")
        if len(self.losses) == self.finite:
            return
        found = torch.stack(self.losses[self.finite :]).isfinite().logical_not().nonzero()
        if len(found):
            bad = step - len(self.losses) + self.finite + int(found[0])
            finite = [value for norm in self.norms if math.isfinite(value := float(norm))]
            norms = ", ".join(f"{value:.3g}" for value in finite[-3:]) or "none in this epoch"
            rows = list(rows_of(bad))
            some = ", ".join(str(row) for row in rows[:SHOWN_ROWS]) + (
                ", …" if len(rows) > SHOWN_ROWS else ""
            )
            raise NonFiniteError(
                f"the loss was NaN or infinite in update {bad}, on {len(rows)} rows of the training split "
                f"({some}; counted from 0; last finite gradient norms: {norms}); a lower learning rate or a clip_norm "
                "may help, or the loss overflows on this data"
            )
        self.finite = len(self.losses)

    def close_epoch(self, epoch: int, rate: float) -> dict[str, Any]:
        """The epoch's mean loss, gradient norm (of updates that were made) and diagnostics."""
        row: dict[str, Any] = {
            "epoch": epoch,
            "loss": float(torch.stack(self.losses).double().mean()),
            "lr_factor": rate,
        }
        if self.norms:
            norms = torch.stack(self.norms)
            row["gradient_norm"] = float(norms[norms.isfinite()].mean())
        if self.diagnostics:
            row["diagnostics"] = mean_of(self.diagnostics)
        self._start_epoch()
        return row

    def state_dict(self) -> dict[str, Any]:
        """What is kept of the epoch so far."""
        return {name: getattr(self, name) for name in KEPT}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with a `state_dict`."""
        for name in KEPT:
            kept = state[name]
            if isinstance(kept, Tensor):
                kept = kept.to(self.device)
            elif isinstance(kept, list):
                kept = [item.to(self.device) if isinstance(item, Tensor) else item for item in kept]
            setattr(self, name, kept)


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
