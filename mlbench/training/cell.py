"""One cell from its description to the parts of its record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mlbench.datasets import Dataset, draw_rows
from mlbench.errors import ConfigError
from mlbench.metrics.catalog import VERSION as METRICS_VERSION
from mlbench.models.base import Fitted
from mlbench.models.inputs import Part
from mlbench.models.model import Model
from mlbench.modules import code_hash
from mlbench.registry import LOSSES
from mlbench.suite import Cell
from mlbench.training.checkpoint import Checkpoint
from mlbench.training.compiling import compile_trunk
from mlbench.training.determinism import deterministic, lacks_kernel, measuring, numerics
from mlbench.training.fit import Fit, Task
from mlbench.training.fitting import fit_encoder
from mlbench.training.losses import build_loss, build_probe_loss, build_queue
from mlbench.training.measure import Held, as_kept, floor_of, stored_scores
from mlbench.training.precision import check_precision
from mlbench.training.readings import Readings
from mlbench.training.resources import Clock, peak_memory, reset_peak_memory
from mlbench.training.selection import Selection
from mlbench.training.streams import Streams
from mlbench.training.unknown import describe_unknown, training_targets


@dataclass(frozen=True)
class CellResult:
    """What a finished cell leaves: the parts of its record, and the arrays of its scores file."""

    parts: dict[str, Any]
    scores: dict[str, npt.NDArray[Any]]


def run_cell(
    cell: Cell,
    dataset: Dataset,
    *,
    device: str = "cpu",
    deadline: float | None = None,
    micro_batch: int | None = None,
    on_progress: Callable[[dict[str, Any]], None] | None = None,
    checkpoint: Checkpoint | None = None,
    cache_dir: Path | None = None,
    scores: Literal["float32", "float16"] = "float32",
) -> CellResult:
    """Train, probe and score one cell; every metric is of the scores as they are kept, of precision `scores`.

    `deadline` is a time of `time.monotonic()`. `micro_batch` rows are put through the device at once where it
    is given (the loss must be `per_sample`); without it the protocol's own holds where the loss is. With a
    `checkpoint` the training goes on from its file where there is one, and writes it now and then; who writes
    the record removes it. Raises ConfigError, DataError, NonFiniteError, CellTimeoutError, CellStoppedError (where the
    checkpoint's owner asks for a stop); torch's own out-of-memory error passes through.

    A protocol that is deterministic is so strictly, which makes fused attention deterministic too. Where torch lacks a
    deterministic kernel the cell starts anew in the mode that only warns, and its record says that it was not.
    """
    attempt = partial(
        _run_cell,
        cell,
        dataset,
        device=device,
        deadline=deadline,
        micro_batch=micro_batch,
        on_progress=on_progress,
        checkpoint=checkpoint,
        cache_dir=cache_dir,
        scores=scores,
    )
    try:
        return attempt(strict=True)
    except RuntimeError as error:
        if not lacks_kernel(error):
            raise
    return attempt(strict=False)


def _run_cell(
    cell: Cell,
    dataset: Dataset,
    *,
    device: str,
    deadline: float | None,
    micro_batch: int | None,
    on_progress: Callable[[dict[str, Any]], None] | None,
    checkpoint: Checkpoint | None,
    cache_dir: Path | None,
    scores: Literal["float32", "float16"],
    strict: bool,
) -> CellResult:
    protocol, place, clock = cell.train, torch.device(device), Clock()
    check_precision(protocol.precision, place)
    reset_peak_memory(place)
    with deterministic(protocol.deterministic, place, strict=strict) as was_deterministic:
        rows = draw_rows(dataset, cell.fraction, cell.stream_seed)
        streams = Streams(cell.stream_seed)
        fitted = fit_encoder(cell, dataset, rows, cache_dir, place)
        if protocol.validation == "fraction":
            dataset, fitted = cut_validation(dataset, fitted, cell)
        targets = training_targets(dataset, rows, protocol.unknown)
        held = Held.of(dataset, targets)
        stats = held.stats(len(rows))
        loss = build_loss(cell, stats, place, micro_batch)
        if micro_batch is None and loss.per_sample:
            micro_batch = protocol.micro_batch
        model = Model.build(fitted, loss, stats, protocol, streams.as_global).to(place)
        prepare_trunk(model, cell)
        readings = Readings(
            loss,
            fitted,
            torch.from_numpy(targets),
            held,
            protocol,
            streams,
            micro_batch,
            build_probe_loss(cell, stats, place),
        )
        task = Task(
            model=model,
            loss=loss,
            inputs=fitted.train,
            targets=readings.targets,
            numbers=rows.tolist(),
            protocol=protocol,
            streams=streams,
            device=place,
            queue=build_queue(cell, loss, stats, place),
            micro_batch=micro_batch,
            deadline=deadline,
            code=code_hash(LOSSES.describe(cell.loss.name)),
        )
        clock.lap("prepare")
        fit = Fit(task, Selection(model, protocol, readings.on_validation))
        history = fit.run(checkpoint, on_progress)
        clock.lap("train", plus=fit.earlier_seconds)
        clock.move("train", "validate", fit.validation_seconds)
        own, probe, chosen = readings.final(model, clock)
        own, probe = as_kept(own, scores), as_kept(probe, scores) if probe else None
        with measuring():
            measured, arrays = _measure(held, readings, own, probe)
        arrays = {**stored_scores(dataset, held, own, probe), **arrays}
        flags = numerics(place)
    parts = {
        **measured,
        "floor_metrics": floor_of(cell, dataset, held, len(rows)),
        "history": asdict(history),
        "probe": chosen,
        "metrics_version": METRICS_VERSION,
        "deterministic": was_deterministic(),
        "numerics": flags,
        "micro_batch": micro_batch,
        "dataset": describe_dataset(dataset, rows, held),
        "unknown": describe_unknown(dataset, rows, protocol.unknown, loss),
        "memory": peak_memory(place),
    }
    clock.lap("evaluate")
    seen = history.steps * history.batch_size * protocol.views
    parts["timing"] = {
        **clock.total(),
        "cost": fit.cost.read(),
        "samples_per_second": seen / clock.seconds["train"],
    }
    return CellResult(parts, arrays)


def _measure(
    held: Held, readings: Readings, own: dict[str, Tensor], probe: dict[str, Tensor] | None
) -> tuple[dict[str, Any], dict[str, npt.NDArray[np.float32]]]:
    """What the scores are worth: parts of the record, and the replicates for the scores file."""
    read = [("metrics", "bootstrap", own, readings.threshold)]
    if probe:
        read.append(("probe_metrics", "probe_bootstrap", probe, readings.probe_threshold))
    parts: dict[str, Any] = {"probe_metrics": None, "threshold": {"metrics": None, "probe_metrics": None}}
    arrays: dict[str, npt.NDArray[np.float32]] = {}
    for name, prefix, logits, threshold in read:
        parts[name] = held.measure(logits["validation"], logits["test"], threshold)
        parts["threshold"][name] = threshold
        if readings.protocol.bootstrap:
            arrays |= held.replicates(logits["validation"], logits["test"], threshold, prefix)
    return parts, arrays


def prepare_trunk(model: Model, cell: Cell) -> None:
    """What the protocol asks of the trunk: that views of a row differ, fewer activations, compiled code."""
    protocol, trunk = cell.train, model.trunk
    if protocol.views > 1 and protocol.augmentation == "none" and not trunk.is_noisy:
        raise ConfigError(
            f"train.views = {protocol.views}: encoder {cell.encoder!r} has no dropout that would make the views "
            "of a row differ; set train.augmentation, or views = 1"
        )
    if protocol.gradient_checkpointing:
        trunk.checkpoint_gradients()
    if protocol.compile and trunk.compiles:
        options = sorted(cell.encoder_options.items())
        compile_trunk(
            model, repr((cell.encoder, options, protocol.gradient_checkpointing, protocol.precision))
        )


def cut_validation(dataset: Dataset, fitted: Fitted, cell: Cell) -> tuple[Dataset, Fitted]:
    """Both with their validation split cut to the share of its rows that training is cut to."""
    share = min(1.0, cell.fraction if cell.fraction <= 1 else cell.fraction / len(dataset.train))
    rows = draw_rows(replace(dataset, train=dataset.validation), share, cell.stream_seed)
    part = Part(fitted.validation, torch.from_numpy(rows))
    return replace(dataset, validation=dataset.validation.take(rows)), replace(fitted, validation=part)


def describe_dataset(dataset: Dataset, rows: npt.NDArray[np.int64], held: Held) -> dict[str, Any]:
    """The `dataset` of a record: what the report needs to know without the data."""
    return {
        "fingerprint": dataset.fingerprint,
        "modality": dataset.modality,
        "family": dataset.card.family or dataset.name,
        "labels": len(dataset.labels),
        "cardinality": dataset.cardinality,
        "sizes": {**dataset.sizes, "rows": len(rows)},
        "label_counts": {name: counts.tolist() for name, counts in dataset.label_counts.items()},
        "seen_counts": held.seen_counts.tolist(),
        "known_counts": None if held.known_counts is None else held.known_counts.tolist(),
        "ceiling": dict(dataset.ceiling) if dataset.ceiling else None,
    }
