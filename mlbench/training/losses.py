"""The losses of a cell, and what they are given beside the batch."""

from __future__ import annotations

import torch

from mlbench.errors import ConfigError
from mlbench.losses.base import LabelStats, Loss
from mlbench.models.memory import MemoryQueue
from mlbench.registry import LOSSES
from mlbench.suite import Cell


def build_loss(cell: Cell, stats: LabelStats, device: torch.device, micro_batch: int | None) -> Loss:
    """The cell's loss, on the device, told the label counts of the cell's own rows."""
    try:
        loss: Loss = LOSSES.build(cell.loss.name, **cell.loss.parameters)
    except ValueError as error:
        raise ConfigError(f"loss {cell.loss.id!r}: {error}") from error
    if micro_batch is not None and not loss.per_sample:
        raise ConfigError(f"loss {cell.loss.id!r} compares the rows of a batch, so its batch cannot be split")
    return ready(loss, stats, device)


def build_probe_loss(cell: Cell, stats: LabelStats, device: torch.device) -> Loss | None:
    """The loss that trains the probe, with its defaults; None for binary cross-entropy, which is built in."""
    name = cell.train.probe_loss
    if name == "bce":
        return None
    loss: Loss = LOSSES.build(name)
    if getattr(loss, "reduction", None) is not None:
        loss.reduction = "batchmean"  # type: ignore[assignment]
    loss = ready(loss, stats, device)
    loss.on_epoch_start(0, 1)
    return loss


def ready(loss: Loss, stats: LabelStats, device: torch.device) -> Loss:
    """The loss on the device, told the label counts of the cell's own rows."""
    loss.to(device)
    loss.prepare(stats.to(device))
    return loss


def build_queue(cell: Cell, loss: Loss, stats: LabelStats, device: torch.device) -> MemoryQueue | None:
    """The cross-batch memory, where the protocol asks for one and the loss can use it.

    With the batch it holds the training rows once at most: a longer one would hold what rows were several updates ago
    beside what they are now, and the batch's own rows among its candidates. None where the batch has all rows.
    """
    protocol, rows = cell.train, stats.num_samples
    size = min(protocol.queue, (rows - min(protocol.batch_size, rows)) * protocol.views)
    if not size or "memory" not in loss.accepts:
        return None
    return MemoryQueue(size, protocol.projection_dim, len(stats.counts)).to(device)
