"""Training one model with one loss: the loop, and nothing but the loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from mlbench.losses.base import Loss, Outputs
from mlbench.losses.diagnostics import diagnose
from mlbench.models.inputs import Batch, Inputs
from mlbench.models.memory import MemoryQueue
from mlbench.models.model import Model
from mlbench.suite import Protocol
from mlbench.training.optimisers import Optimisers
from mlbench.training.precision import autocast, gradient_scaler
from mlbench.training.schedule import Schedule
from mlbench.training.selection import Selection
from mlbench.training.streams import Streams
from mlbench.training.unit import GradientUnit
from mlbench.training.watch import LOOK_EVERY, Watch

Progress = Callable[[dict[str, Any]], None]


@dataclass
class History:
    """What a training leaves: a row an epoch, a row an evaluation, and how it was made."""

    epochs: list[dict[str, Any]] = field(default_factory=list)
    evaluations: list[dict[str, Any]] = field(default_factory=list)
    steps: int = 0
    batch_size: int = 0
    clipped_share: float | None = None
    selected_step: int | None = None


@dataclass(frozen=True)
class Task:
    """Everything that one training reads. `micro_batch` is the number of rows that the device takes at once
    (the whole batch where None); only a loss that is `per_sample` may be given one."""

    model: Model
    loss: Loss
    inputs: Inputs
    targets: Tensor
    protocol: Protocol
    streams: Streams
    device: torch.device
    queue: MemoryQueue | None = None
    micro_batch: int | None = None
    deadline: float | None = None


def fit(task: Task, selection: Selection, on_progress: Progress | None = None) -> History:
    """Train `task.model` in place; `selection` scores it on the way and restores the point that counts.

    Raises NonFiniteError with the update in which the loss was not finite, CellTimeoutError at the deadline.
    """
    protocol = task.protocol
    schedule = Schedule.of(protocol, len(task.inputs))
    optimisers = Optimisers(task.model, task.loss, protocol, schedule)
    watch = Watch(task.device, schedule, task.deadline)
    scaler, unit = gradient_scaler(protocol.precision, task.device), GradientUnit()
    batches = _batches(task, schedule)
    history = History(steps=schedule.steps, batch_size=schedule.batch_size)
    step, rate = 0, 0.0
    with task.streams.as_global("noise"):
        for epoch in range(schedule.epochs):
            task.loss.on_epoch_start(epoch, schedule.epochs)
            for place in range(schedule.steps_per_epoch):
                task.model.train()
                parts = next(batches)
                rate = optimisers.set_rates(step)
                loss, outputs, targets = _backward(task, parts, scaler, unit.factor)
                watch.saw_loss(loss, step)
                if watch.diagnoses(epoch, place):
                    watch.saw_diagnostics(diagnose(task.loss, outputs, targets))
                if not unit.found:
                    unit.find(optimisers.parameters)
                if protocol.clip_norm is not None or place in watch.norm_steps:
                    for optimiser in optimisers.all:
                        scaler.unscale_(optimiser)
                    watch.saw_gradients(optimisers.parameters, unit.factor, protocol.clip_norm)
                for optimiser in optimisers.all:
                    scaler.step(optimiser)
                scaler.update()
                optimisers.zero_grad()
                selection.after_step(task.model)
                step += 1
                if step % LOOK_EVERY == 0:
                    watch.look(step)
                if step in schedule.evaluation_steps:
                    watch.look(step)
                    row = selection.evaluate(task.model, step)
                    history.evaluations.append({"epoch": step / schedule.steps_per_epoch, **row})
            history.epochs.append(watch.close_epoch(epoch, step, rate))
            if on_progress is not None:
                mean = history.epochs[-1]["loss"]
                on_progress({"phase": "train", "step": step, "steps": schedule.steps, "loss": mean})
    history.selected_step = selection.restore(task.model)
    history.clipped_share = watch.clipped_share(schedule.steps) if protocol.clip_norm else None
    return history


def _batches(task: Task, schedule: Schedule) -> Iterator[list[tuple[Batch, Tensor]]]:
    """Shuffled batches for ever, an epoch after the other, each as the parts that the device takes at once: the
    inputs on the device (all views of the rows, one after the other) and their targets. Batches of an epoch
    differ by one row at most, so that no small remainder is left for losses that compare rows."""
    order = task.streams.generator("order")
    augmentation = task.streams.generator("augmentation")
    how, views = task.protocol.augmentation, task.protocol.views
    while True:
        shuffled = torch.randperm(schedule.rows, generator=order)
        for rows in shuffled.tensor_split(schedule.steps_per_epoch):
            parts = []
            for some in rows.split(task.micro_batch or len(rows)):
                repeated = some.repeat(views)
                batch = tuple(part.to(task.device, non_blocking=True) for part in task.inputs.batch(repeated))
                if how != "none":
                    batch = task.model.trunk.augment(batch, augmentation, how)
                parts.append((batch, task.targets[repeated].to(task.device, non_blocking=True)))
            yield parts


def _backward(
    task: Task, parts: list[tuple[Batch, Tensor]], scaler: torch.amp.GradScaler, unit: float
) -> tuple[Tensor, Outputs, Tensor]:
    """Gradients of one batch times `unit`, part by part; returns the batch's loss, detached, and the outputs
    and targets of its last part."""
    rows = sum(len(targets) for _, targets in parts)
    summed = getattr(task.loss, "reduction", "mean") == "sum"
    total = torch.zeros((), device=task.device)
    for batch, targets in parts:
        memory = task.queue.read() if task.queue is not None else None
        with autocast(task.protocol.precision, task.device):
            outputs = task.model(batch, memory)
        loss: Tensor = task.loss(outputs, targets)
        if len(parts) > 1 and not summed:
            loss = loss * (len(targets) / rows)
        scaler.scale(loss * unit).backward()
        total += loss.detach()
        if task.queue is not None:
            task.queue.push(outputs.embeddings, targets)
    return total, outputs, targets
