"""What a cell is made of: a fitted encoder, its losses and their queue, a backbone as the protocol asks for it."""

from __future__ import annotations

import tempfile
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from mlbench.datasets import Dataset, draw_rows
from mlbench.datasets.places import cache_root
from mlbench.errors import ConfigError
from mlbench.losses.base import LabelStats, Loss
from mlbench.models.base import Backbone, Encoder, Fitted, rows_digest
from mlbench.models.inputs import InputRows
from mlbench.models.memory import MemoryQueue
from mlbench.models.model import Model
from mlbench.registry import ENCODERS, LOSSES
from mlbench.suite import Cell

CPU = torch.device("cpu")
MOST_FITTED = 2
"""Fitted encoders that a process keeps: all losses of one (dataset, fraction, seed) run one after the other."""

_fitted: OrderedDict[tuple[str, ...], Fitted] = OrderedDict()


def build_encoder(cell: Cell) -> Encoder:
    """The cell's encoder, from its options."""
    kind = cell.encoder.partition(":")[0]
    encoder: Encoder = ENCODERS.build(kind, **cell.encoder_options)
    return encoder


def fit_encoder(
    cell: Cell,
    dataset: Dataset,
    rows: npt.NDArray[np.int64],
    cache: Path | None,
    device: torch.device = CPU,
) -> Fitted:
    """The encoder fitted to the training rows `rows`, on `device` where it computes much; from memory where the
    last cells had the same.

    Raises ConfigError where the encoder does not read what the dataset holds.
    """
    encoder = build_encoder(cell)
    encoder.device = device
    if dataset.modality not in encoder.modalities:
        reads = " and ".join(sorted(encoder.modalities))
        raise ConfigError(
            f"dataset {cell.dataset!r} holds {dataset.modality}, but encoder {cell.encoder!r} reads {reads}"
        )
    if not dataset.fingerprint:
        # Nothing says what these data are, so nothing of them can be kept; what is mapped stays readable.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            return encoder.fit(dataset, rows, Path(folder))
    options = repr(sorted(cell.encoder_options.items()))
    key = (dataset.fingerprint, rows_digest(rows), cell.encoder, options, device.type)
    if key not in _fitted:
        _fitted[key] = encoder.fit(dataset, rows, cache or cache_root() / "encoders")
        while len(_fitted) > MOST_FITTED:
            _fitted.popitem(last=False)
    _fitted.move_to_end(key)
    return _fitted[key]


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


def prepare_backbone(model: Model, cell: Cell) -> None:
    """What the protocol asks of the backbone: that views of a row differ, fewer activations, compiled code."""
    protocol, backbone = cell.train, model.backbone
    if protocol.views > 1 and protocol.augmentation == "none" and not backbone.is_noisy:
        raise ConfigError(
            f"train.views = {protocol.views}: encoder {cell.encoder!r} has no dropout that would make the views "
            "of a row differ; set train.augmentation, or views = 1"
        )
    if protocol.gradient_checkpointing:
        backbone.checkpoint_gradients()
    if protocol.compile and backbone.compiles:
        options = sorted(cell.encoder_options.items())
        compile_backbone(
            model, repr((cell.encoder, options, protocol.gradient_checkpointing, protocol.precision))
        )


def cut_validation(dataset: Dataset, fitted: Fitted, cell: Cell) -> tuple[Dataset, Fitted]:
    """Both with their validation split cut to the share of its rows that training is cut to."""
    share = min(1.0, cell.fraction if cell.fraction <= 1 else cell.fraction / len(dataset.train))
    rows = draw_rows(replace(dataset, train=dataset.validation), share, cell.stream_seed)
    part = InputRows(fitted.validation, torch.from_numpy(rows))
    return replace(dataset, validation=dataset.validation.take(rows)), replace(fitted, validation=part)


MOST_COMPILED = 4
"""Compiled backbones that a process keeps."""

_compiled: OrderedDict[str, Backbone] = OrderedDict()


def compile_backbone(model: Model, recipe: str) -> None:
    """Let the model's training passes go through torch.compile; `recipe` tells apart backbones that differ in more
    than their parts.

    Compiled code belongs to a module, so the first backbone of each architecture is kept with its code, and a
    later cell's takes its place only by its weights. Passes without gradient stay as they are: they come in
    other shapes, each of which would be compiled for a few batches.
    """
    architecture = f"{recipe}\n{_architecture(model.backbone)}"
    if architecture in _compiled:
        compiled = _compiled[architecture]
        compiled.load_state_dict(model.backbone.state_dict())
        compiled.zero_grad(set_to_none=True)
        model.backbone = compiled
    else:
        model.backbone.compile()
        _compiled[architecture] = model.backbone
        while len(_compiled) > MOST_COMPILED:
            _compiled.popitem(last=False)
    _compiled.move_to_end(architecture)


def _architecture(backbone: Backbone) -> str:
    """Equal for backbones of the same parts, whose parameters and buffers have the same shapes, types and place."""
    tensors = [
        f"{name} {tuple(value.shape)} {value.dtype} {value.device}"
        for name, value in (*backbone.named_parameters(), *backbone.named_buffers())
    ]
    return "\n".join([repr(backbone), *tensors])
