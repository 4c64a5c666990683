"""Training one model with one loss: the loop, update by update."""

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
from mlbench.losses.parts.state import kept_beside, put_back
from mlbench.models.inputs import Batch, Inputs
from mlbench.models.memory import MemoryQueue
from mlbench.models.model import Model
from mlbench.models.momentum import MomentumModel
from mlbench.suite import Protocol
from mlbench.training.batches import Batches, MicroBatches
from mlbench.training.checkpoint import Checkpoint
from mlbench.training.log import READ_EVERY, History, Log
from mlbench.training.optimisers import GradientRescaling, Optimisers, clip_gradients, gradient_norm
from mlbench.training.precision import Scaler, autocast
from mlbench.training.resources import Meter
from mlbench.training.schedule import Schedule
from mlbench.training.selection import WeightSelection
from mlbench.training.streams import Streams
from mlbench.training.unknown import UNKNOWN, has_unknown, split_known

Progress = Callable[[dict[str, Any]], None]


class UnfitStateError(Exception):
    """A checkpoint that was written by this code and does not fit: damaged, or of other versions of torch."""


@dataclass(frozen=True)
class TrainerSpec:
    """Everything that one training reads.

    - `model`: with heads for the loss.
    - `loss`: prepared, on the device.
    - `inputs`: the samples of the training rows.
    - `targets`: theirs [n, L], UNKNOWN where nobody knows whether the label holds.
    - `row_numbers`: the training rows as the dataset counts them, for messages.
    - `protocol`: epochs, optimiser, schedule and all else of `[train]`.
    - `streams`: the random streams of the cell.
    - `device`: what trains.
    - `queue`: the cross-batch memory, where the loss reads one.
    - `momentum`: the slow copy of the model that fills it, where the protocol asks for one.
    - `micro_batch`: the rows that the device takes at once, None for the whole batch; only a loss that is
      `per_sample` may be given one.
    - `deadline`: a time of `time.monotonic()`.
    - `code_hash`: of the loss's code: a training goes on from no checkpoint of other code.
    """

    model: Model
    loss: Loss
    inputs: Inputs
    targets: Tensor
    row_numbers: Sequence[int]
    protocol: Protocol
    streams: Streams
    device: torch.device
    queue: MemoryQueue | None = None
    momentum: MomentumModel | None = None
    micro_batch: int | None = None
    deadline: float | None = None
    code_hash: str = ""


class Trainer:
    """One training, update by update. Its state can be taken after any update, and put back."""

    def __init__(self, spec: TrainerSpec, selection: WeightSelection) -> None:
        protocol, self.spec, self.selection = spec.protocol, spec, selection
        self.schedule = Schedule.of(protocol, len(spec.inputs))
        self.optimisers = Optimisers(spec.model, spec.loss, protocol, self.schedule)
        self.log = Log(spec.device, self.schedule, spec.deadline)
        self.scaler = Scaler(protocol.precision, spec.device)
        self.rescaling = GradientRescaling(own=protocol.optimiser != "adamw")
        self.batches = Batches(
            inputs=spec.inputs,
            targets=spec.targets,
            protocol=protocol,
            schedule=self.schedule,
            streams=spec.streams,
            device=spec.device,
            micro_batch=spec.micro_batch,
        )
        self.history = History(steps=self.schedule.steps, batch_size=self.schedule.batch_size)
        self.cost = Meter(spec.device)
        self.step, self.started = 0, time.perf_counter()
        self.earlier_seconds = self.validation_seconds = 0.0
        """Spent before the checkpoint that this training goes on from, and in evaluations."""
        self.has_unknown = has_unknown(spec.targets)
        # The first update checks shapes and targets; those of later updates are of the same data.
        spec.loss.checks = True

    def run(self, checkpoint: Checkpoint | None, on_progress: Progress | None) -> History:
        """Train to the end of the schedule, from the checkpoint where there is one.

        Raises NonFiniteError with the update in which the loss was not finite, CellTimeoutError at the
        deadline, CellStoppedError where the checkpoint's owner asked for a stop, UnfitStateError where the checkpoint
        holds the state of another training: this one is spoilt then.
        """
        model, loss, schedule = self.spec.model, self.spec.loss, self.schedule
        with self.spec.streams.as_global("noise"):
            if checkpoint is not None and (state := checkpoint.load(self.spec.code_hash)) is not None:
                self._go_on_from(state)
            start = self.step
            model.train()
            for micro_batches in self.batches.start(start, model.backbone):
                epoch, step_in_epoch = divmod(self.step, schedule.steps_per_epoch)
                if step_in_epoch == 0 or self.step == start:
                    loss.on_epoch_start(epoch, schedule.epochs)
                self.cost.start()
                lr_factor = self._update(micro_batches, epoch, step_in_epoch)
                self.cost.stop()
                loss.checks = False
                self._after_update(epoch, step_in_epoch, lr_factor, on_progress)
                if checkpoint is not None and checkpoint.due():
                    self._write(checkpoint)
        self.history.selected_step = self.selection.restore(model)
        if self.spec.protocol.clip_norm is not None:
            self.history.clipped_share = self.log.clipped_share(schedule.steps)
        self.history.skipped_steps = self.scaler.skipped_steps()
        return self.history

    def state(self) -> dict[str, Any]:
        """Everything that the rest of the training depends on."""
        spec, on_cuda = self.spec, self.spec.device.type == "cuda"
        seconds = self.earlier_seconds + time.perf_counter() - self.started
        return {
            "step": self.step,
            "model": spec.model.state_dict(),
            "loss": spec.loss.state_dict(),
            "loss_beside": kept_beside(spec.loss),
            "optimisers": self.optimisers.state_dict(),
            "scaler": self.scaler.state_dict(),
            "gradient_rescaling": vars(self.rescaling),
            "log": self.log.state_dict(),
            "selection": self.selection.state_dict(),
            "queue": spec.queue.state_dict() if spec.queue is not None else None,
            "momentum": spec.momentum.state_dict() if spec.momentum is not None else None,
            "history": asdict(self.history),
            "seconds": [seconds, self.validation_seconds],
            "cost": self.cost.read(),
            "noise": torch.get_rng_state(),
            "device_noise": torch.cuda.get_rng_state(spec.device) if on_cuda else None,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on where `state` was taken."""
        spec = self.spec
        self.step = state["step"]
        spec.model.load_state_dict(state["model"])
        spec.loss.load_state_dict(state["loss"])
        # None were written before.
        put_back(spec.loss, state.get("loss_beside", {}))
        self.optimisers.load_state_dict(state["optimisers"])
        self.scaler.load_state_dict(state["scaler"])
        vars(self.rescaling).update(state["gradient_rescaling"])
        self.log.load_state_dict(state["log"])
        self.selection.load_state_dict(state["selection"])
        if spec.queue is not None:
            spec.queue.load_state_dict(state["queue"])
        if spec.momentum is not None:
            spec.momentum.load_state_dict(state["momentum"])
        self.history = History(**state["history"])
        self.earlier_seconds, self.validation_seconds = state["seconds"]
        self.cost.seconds = state["cost"]
        self.history.resumed_at.append(self.step)
        torch.set_rng_state(state["noise"])
        if state["device_noise"] is not None and spec.device.type == "cuda":
            torch.cuda.set_rng_state(state["device_noise"], spec.device)

    def _go_on_from(self, state: dict[str, Any]) -> None:
        try:
            self.load_state(state)
        except torch.OutOfMemoryError:
            raise
        except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
            raise UnfitStateError(f"its state does not fit: {type(error).__name__}: {error}") from error

    def _update(self, micro_batches: MicroBatches, epoch: int, step_in_epoch: int) -> float:
        """One update of the weights; returns the factor on the peak learning rates."""
        protocol, log, optimisers = self.spec.protocol, self.log, self.optimisers
        lr_factor = optimisers.set_rates(self.step)
        loss, outputs, targets = self._backward(micro_batches)
        log.add_loss(loss)
        if log.wants_diagnostics(epoch, step_in_epoch):
            # No part of what the training costs: it computes the loss anew, a contrast of pairs even twice.
            self.cost.stop()
            log.add_diagnostics(diagnose(self.spec.loss, outputs, targets))
            self.cost.start()
        if not self.rescaling.found:
            self.rescaling.find(optimisers.parameters, self.scaler.get_scale())
        if protocol.clip_norm is not None or log.wants_gradient_norm(step_in_epoch):
            self.scaler.unscale_(optimisers.as_one)
            # In the loss's own scale, as the clip norm is.
            norm = gradient_norm(optimisers.parameters) / self.rescaling.factor
            log.add_gradient_norm(norm, protocol.clip_norm)
            if protocol.clip_norm is not None:
                clip_gradients(optimisers.parameters, norm, protocol.clip_norm)
        self.scaler.step(optimisers.as_one)
        self.scaler.update()
        optimisers.zero_grad()
        self.selection.after_step(self.spec.model)
        if self.spec.momentum is not None:
            self.spec.momentum.follow(self.spec.model)
        self.step += 1
        return lr_factor

    def _backward(self, micro_batches: MicroBatches) -> tuple[Tensor, Outputs, Tensor]:
        """The rescaled gradients of one batch, a micro-batch at a time; returns the batch's loss, detached, and the
        outputs and targets of its last micro-batch."""
        spec = self.spec
        losses = []
        for (batch, targets), share in zip(micro_batches, self._shares(micro_batches), strict=True):
            memory = spec.queue.read() if spec.queue is not None else None
            with autocast(spec.protocol.precision, spec.device):
                outputs = spec.model(batch, memory)
            if self.has_unknown:
                targets, known = split_known(targets)
                outputs = replace(outputs, known=known)
            if isinstance(spec.loss, RowLoss):
                # Its batch is whole; views of a row stand one after the other, as in the batch.
                outputs = numbered(outputs, self.batches.rows(self.step).repeat(spec.protocol.views))
            loss: Tensor = spec.loss(outputs, targets)
            if share is not None:
                loss = loss * share
            scaled = self.scaler.scale(loss)
            scaled.backward(torch.full_like(scaled, self.rescaling.factor))
            losses.append(loss.detach())
            if spec.queue is not None:
                spec.queue.push(self._remembered(batch, outputs), targets)
        return losses[0] if len(losses) == 1 else torch.stack(losses).sum(), outputs, targets

    def _remembered(self, batch: Batch, outputs: Outputs) -> Tensor:
        """The embeddings that the memory keeps of a batch."""
        momentum = self.spec.momentum
        if momentum is None:
            assert outputs.embeddings is not None
            return outputs.embeddings
        with autocast(self.spec.protocol.precision, self.spec.device):
            return momentum.embeddings(batch)

    def _shares(self, micro_batches: MicroBatches) -> Sequence[Tensor | float | None]:
        """What each micro-batch's loss is multiplied by, so that they add up to the batch's: its share of the rows that
        the loss is a mean over, or of the known entries where it is a mean over those; None where losses are sums."""
        loss = self.spec.loss
        reduction = getattr(loss, "reduction", "")
        if len(micro_batches) == 1 or reduction == "sum":
            return [None] * len(micro_batches)
        leaves_out = "known" in loss.accepts and not loss.weighs_unknown
        if self.has_unknown and reduction == "mean" and leaves_out:
            known = torch.stack([(targets != UNKNOWN).sum() for _, targets in micro_batches])
            return list(known / known.sum().clamp_min(1))
        rows = sum(len(targets) for _, targets in micro_batches)
        return [len(targets) / rows for _, targets in micro_batches]

    def _after_update(
        self, epoch: int, step_in_epoch: int, lr_factor: float, progress: Progress | None
    ) -> None:
        """What follows some updates: the end of an epoch, the log being read, an evaluation."""
        schedule, history = self.schedule, self.history
        evaluates = self.step in schedule.evaluation_steps
        ends_epoch = step_in_epoch + 1 == schedule.steps_per_epoch
        read_long_ago = ends_epoch and self.log.end_epoch(epoch, lr_factor)
        if self.step % READ_EVERY == 0 or evaluates or read_long_ago:
            self._read_log()
        elif ends_epoch:
            self.log.check_time(self.step)
        if evaluates:
            self._evaluate()
        if ends_epoch and progress is not None:
            # The loss is that of the last epoch that was read: a progress is no reason to wait for the device.
            last_loss = {"loss": history.epochs[-1]["loss"]} if history.epochs else {}
            progress({"phase": "train", "step": self.step, "steps": schedule.steps, **last_loss})

    def _evaluate(self) -> None:
        """Score the model on validation: a row of the history."""
        before = time.perf_counter()
        row = self.selection.evaluate(self.spec.model, self.step)
        self.validation_seconds += time.perf_counter() - before
        self.spec.model.train()
        self.history.evaluations.append({"epoch": self.step / self.schedule.steps_per_epoch, **row})

    def _read_log(self) -> None:
        """Read the log into the history. It is read last after the last update, where there is always an evaluation."""
        self.history.epochs += self.log.read(self.step, self._row_numbers)
        self.cost.read()

    def _row_numbers(self, step: int) -> list[int]:
        return [self.spec.row_numbers[row] for row in self.batches.rows(step)]

    def _write(self, checkpoint: Checkpoint) -> None:
        """Write the state; a loss that is not finite is found before it is written."""
        self._read_log()
        checkpoint.save(self.state(), self.spec.code_hash)
        if checkpoint.stop():
            raise CellStoppedError(
                f"stopped after update {self.step} of {self.schedule.steps}; {checkpoint.path} holds its state"
            )
