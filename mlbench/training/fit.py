"""Training one model with one loss: the loop, and nothing but the loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor

from mlbench.errors import CellStoppedError
from mlbench.losses.base import Loss, Outputs
from mlbench.losses.parts.diagnostics import diagnose
from mlbench.losses.parts.rows import RowLoss, numbered
from mlbench.models.inputs import Inputs
from mlbench.models.memory import MemoryQueue
from mlbench.models.model import Model
from mlbench.suite import Protocol
from mlbench.training.batches import Batches, Parts
from mlbench.training.checkpoint import Checkpoint
from mlbench.training.history import History
from mlbench.training.optimisers import Optimisers
from mlbench.training.precision import Scaler, autocast
from mlbench.training.resources import Meter
from mlbench.training.schedule import Schedule
from mlbench.training.selection import Selection
from mlbench.training.streams import Streams
from mlbench.training.unit import GradientUnit
from mlbench.training.unknown import UNKNOWN, has_unknown, split_known
from mlbench.training.watch import LOOK_EVERY, Watch

Progress = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Task:
    """Everything that one training reads.

    `targets` [n, L] of the training rows hold UNKNOWN where nobody knows whether the label holds.
    `numbers` are the training rows as the dataset counts them, for messages. `micro_batch` is the number of
    rows that the device takes at once (the whole batch where None); only a loss that is `per_sample` may be
    given one. `code` says which code trains: a checkpoint of other code is not gone on from.
    """

    model: Model
    loss: Loss
    inputs: Inputs
    targets: Tensor
    numbers: Sequence[int]
    protocol: Protocol
    streams: Streams
    device: torch.device
    queue: MemoryQueue | None = None
    micro_batch: int | None = None
    deadline: float | None = None
    code: str = ""


class Fit:
    """One training, update by update. Its state can be taken after any update, and put back."""

    def __init__(self, task: Task, selection: Selection) -> None:
        protocol, self.task, self.selection = task.protocol, task, selection
        self.schedule = Schedule.of(protocol, len(task.inputs))
        self.optimisers = Optimisers(task.model, task.loss, protocol, self.schedule)
        self.watch = Watch(task.device, self.schedule, task.deadline)
        self.scaler = Scaler(protocol.precision, task.device)
        self.unit = GradientUnit(own=protocol.optimiser == "adam")
        self.batches = Batches(
            task.inputs, task.targets, protocol, self.schedule, task.streams, task.device, task.micro_batch
        )
        self.history = History(steps=self.schedule.steps, batch_size=self.schedule.batch_size)
        self.cost = Meter(task.device)
        self.step, self.started = 0, time.perf_counter()
        self.earlier_seconds = self.validation_seconds = 0.0
        """Spent before the checkpoint that this training goes on from, and in evaluations."""
        self.unknown = has_unknown(task.targets)
        # The first update is looked at whole; after that shapes and targets are those of the same data.
        task.loss.checks = True

    def run(self, checkpoint: Checkpoint | None, on_progress: Progress | None) -> History:
        """Train to the end of the schedule, from the checkpoint where there is one.

        Raises NonFiniteError with the update in which the loss was not finite, CellTimeoutError at the
        deadline, CellStoppedError where the checkpoint's owner asked for a stop.
        """
        with self.task.streams.as_global("noise"):
            if checkpoint is not None and (state := checkpoint.load(self.task.code)) is not None:
                self.load_state(state)
            start = self.step
            self.task.model.train()
            batches = self.batches.start(start, self.task.model.trunk)
            for parts in batches:
                epoch, place = divmod(self.step, self.schedule.steps_per_epoch)
                if place == 0 or self.step == start:
                    self.task.loss.on_epoch_start(epoch, self.schedule.epochs)
                self.cost.start()
                rate = self._update(parts, epoch, place)
                self.cost.stop()
                self.task.loss.checks = False
                self._after(epoch, place, rate, on_progress)
                if checkpoint is not None and checkpoint.due():
                    self._write(checkpoint)
        self.history.selected_step = self.selection.restore(self.task.model)
        if self.task.protocol.clip_norm is not None:
            self.history.clipped_share = self.watch.clipped_share(self.schedule.steps)
        self.history.skipped_steps = self.scaler.skipped_steps()
        return self.history

    def state(self) -> dict[str, Any]:
        """Everything that the rest of the training depends on."""
        task, on_cuda = self.task, self.task.device.type == "cuda"
        seconds = self.earlier_seconds + time.perf_counter() - self.started
        return {
            "step": self.step,
            "model": task.model.state_dict(),
            "loss": task.loss.state_dict(),
            "optimisers": self.optimisers.state_dict(),
            "scaler": self.scaler.state_dict(),
            "unit": vars(self.unit),
            "watch": self.watch.state_dict(),
            "selection": self.selection.state_dict(),
            "queue": task.queue.state_dict() if task.queue is not None else None,
            "history": asdict(self.history),
            "seconds": [seconds, self.validation_seconds],
            "cost": self.cost.read(),
            "noise": torch.get_rng_state(),
            "device_noise": torch.cuda.get_rng_state(task.device) if on_cuda else None,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on where `state` was taken."""
        task = self.task
        self.step = state["step"]
        task.model.load_state_dict(state["model"])
        task.loss.load_state_dict(state["loss"])
        self.optimisers.load_state_dict(state["optimisers"])
        self.scaler.load_state_dict(state["scaler"])
        vars(self.unit).update(state["unit"])
        self.watch.load_state_dict(state["watch"])
        self.selection.load_state_dict(state["selection"])
        if task.queue is not None:
            task.queue.load_state_dict(state["queue"])
        self.history = History(**state["history"])
        self.earlier_seconds, self.validation_seconds = state["seconds"]
        self.cost.seconds = state["cost"]
        self.history.resumed_at.append(self.step)
        torch.set_rng_state(state["noise"])
        if state["device_noise"] is not None and task.device.type == "cuda":
            torch.cuda.set_rng_state(state["device_noise"], task.device)

    def _update(self, parts: Parts, epoch: int, place: int) -> float:
        """One update of the weights; returns the factor on the peak learning rates."""
        protocol, watch, optimisers = self.task.protocol, self.watch, self.optimisers
        rate = optimisers.set_rates(self.step)
        loss, outputs, targets = self._backward(parts)
        watch.saw_loss(loss)
        if watch.diagnoses(epoch, place):
            # No part of what the training costs: it computes the loss anew, a contrast of pairs even twice.
            self.cost.stop()
            watch.saw_diagnostics(diagnose(self.task.loss, outputs, targets))
            self.cost.start()
        if not self.unit.found:
            self.unit.find(optimisers.parameters, self.scaler.get_scale())
        if protocol.clip_norm is not None or place in watch.norm_steps:
            self.scaler.unscale_(optimisers.as_one)
            watch.saw_gradients(optimisers.parameters, self.unit.factor, protocol.clip_norm)
        self.scaler.step(optimisers.as_one)
        self.scaler.update()
        optimisers.zero_grad()
        self.selection.after_step(self.task.model)
        self.step += 1
        return rate

    def _backward(self, parts: Parts) -> tuple[Tensor, Outputs, Tensor]:
        """Gradients of one batch in the training's own unit, part by part; returns the batch's loss, detached,
        and the outputs and targets of its last part."""
        task = self.task
        losses = []
        for (batch, targets), share in zip(parts, self._shares(parts), strict=True):
            memory = task.queue.read() if task.queue is not None else None
            with autocast(task.protocol.precision, task.device):
                outputs = task.model(batch, memory)
            if self.unknown:
                targets, known = split_known(targets)
                outputs = replace(outputs, known=known)
            if isinstance(task.loss, RowLoss):
                # Its batch is whole; views of a row stand one after the other, as in the batch.
                outputs = numbered(outputs, self.batches.rows(self.step).repeat(task.protocol.views))
            loss: Tensor = task.loss(outputs, targets)
            if share is not None:
                loss = loss * share
            scaled = self.scaler.scale(loss)
            scaled.backward(torch.full_like(scaled, self.unit.factor))
            losses.append(loss.detach())
            if task.queue is not None:
                task.queue.push(outputs.embeddings, targets)
        return losses[0] if len(losses) == 1 else torch.stack(losses).sum(), outputs, targets

    def _shares(self, parts: Parts) -> Sequence[Tensor | float | None]:
        """What the loss of each part counts for in that of the batch: its share of what the loss is a mean over, rows,
        or known entries of a loss that takes the mean over those; None where losses are added up."""
        loss = self.task.loss
        reduction = getattr(loss, "reduction", "")
        if len(parts) == 1 or reduction == "sum":
            return [None] * len(parts)
        leaves_out = "known" in loss.accepts and not loss.weighs_unknown
        if self.unknown and reduction == "mean" and leaves_out:
            known = torch.stack([(targets != UNKNOWN).sum() for _, targets in parts])
            return list(known / known.sum().clamp_min(1))
        rows = sum(len(targets) for _, targets in parts)
        return [len(targets) / rows for _, targets in parts]

    def _after(self, epoch: int, place: int, rate: float, on_progress: Progress | None) -> None:
        """What follows some updates: a look at the loss, an evaluation, the end of an epoch."""
        schedule, history = self.schedule, self.history
        evaluates, ends = self.step in schedule.evaluation_steps, place + 1 == schedule.steps_per_epoch
        long_ago = ends and self.watch.end_epoch(epoch, rate)
        if self.step % LOOK_EVERY == 0 or evaluates or long_ago:
            self._look()
        elif ends:
            self.watch.check_time(self.step)
        if evaluates:
            before = time.perf_counter()
            row = self.selection.evaluate(self.task.model, self.step)
            self.validation_seconds += time.perf_counter() - before
            self.task.model.train()
            history.evaluations.append({"epoch": self.step / schedule.steps_per_epoch, **row})
        if ends and on_progress is not None:
            # The loss is that of the last epoch that was read: a progress is no reason to wait for the device.
            read = {"loss": history.epochs[-1]["loss"]} if history.epochs else {}
            on_progress({"phase": "train", "step": self.step, "steps": schedule.steps, **read})

    def _look(self) -> None:
        """Read what was seen. The last look follows the last update, where there is always an evaluation."""
        self.history.epochs += self.watch.look(self.step, self._numbers)
        self.cost.read()

    def _numbers(self, step: int) -> list[int]:
        return [self.task.numbers[row] for row in self.batches.rows(step)]

    def _write(self, checkpoint: Checkpoint) -> None:
        """Write the state; a loss that is not finite is found before it is kept."""
        self._look()
        checkpoint.save(self.state(), self.task.code)
        if checkpoint.stop():
            raise CellStoppedError(
                f"stopped after update {self.step} of {self.schedule.steps}; {checkpoint.path} holds its state"
            )
