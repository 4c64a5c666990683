"""One cell from its description to the parts of its record: set-up, training, measuring."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt
import torch

from mlbench.code.modules import code_hash
from mlbench.datasets import Dataset, draw_rows
from mlbench.metrics.catalog import VERSION as METRICS_VERSION
from mlbench.models.model import Model
from mlbench.models.momentum import MomentumModel
from mlbench.models.preparation import Preparation
from mlbench.records import schema as records
from mlbench.records.schema import TrainedParts
from mlbench.registry import LOSSES
from mlbench.suite import Cell
from mlbench.training.checkpoint import Checkpoint
from mlbench.training.determinism import deterministic, lacks_kernel, measuring, numerics
from mlbench.training.keeping import describe_model, prepare_samples
from mlbench.training.precision import check_precision
from mlbench.training.resources import Clock, peak_memory, reset_peak_memory
from mlbench.training.scoring.measure import FinalScores, GroundTruth, floor_of, measure_scores, stored_scores
from mlbench.training.scoring.scorer import Scorer
from mlbench.training.selection import WeightSelection
from mlbench.training.setup import (
    build_loss,
    build_probe_loss,
    build_queue,
    cut_validation,
    fit_encoder,
    prepare_backbone,
)
from mlbench.training.streams import Streams
from mlbench.training.trainer import Progress, Trainer, TrainerSpec, UnfitStateError
from mlbench.training.unknown import describe_unknown, training_targets


@dataclass(frozen=True)
class CellResult:
    """What a finished cell leaves.

    - `parts`: of its record, by key.
    - `scores`: the arrays of its scores file.
    - `model`: a tree of plain values and tensors (`keeping`); None where it is not asked for.
    """

    parts: TrainedParts
    scores: dict[str, npt.NDArray[Any]]
    model: dict[str, Any] | None = None


def run_cell(
    cell: Cell,
    dataset: Dataset,
    *,
    device: str = "cpu",
    deadline: float | None = None,
    micro_batch: int | None = None,
    on_progress: Progress | None = None,
    checkpoint: Checkpoint | None = None,
    cache_dir: Path | None = None,
    scores: Literal["float32", "float16"] = "float32",
    keep_model: bool = False,
) -> CellResult:
    """Train, probe and score one cell; every metric is of the scores as they are stored, in precision `scores`. With
    `keep_model` the model comes with them, and all numbers are the same.

    `deadline` is a time of `time.monotonic()`. `micro_batch` rows are put through the device at once where it
    is given (the loss must be `per_sample`); without it the protocol's own holds where the loss is. With a
    `checkpoint` the training goes on from its file where there is one, and writes it now and then; who writes
    the record removes it. Raises ConfigError, DataError, NonFiniteError, CellTimeoutError, CellStoppedError (where the
    checkpoint's owner asks for a stop); torch's own out-of-memory error passes through.

    A protocol that is deterministic is so strictly, which makes fused attention deterministic too. Where torch lacks a
    deterministic kernel the cell starts anew in the mode that only warns, and its record says that it was not.
    """
    attempt = _Attempt(
        cell=cell,
        dataset=dataset,
        device=torch.device(device),
        deadline=deadline,
        micro_batch=micro_batch,
        on_progress=on_progress,
        checkpoint=checkpoint,
        cache_dir=cache_dir,
        scores=scores,
        keep_model=keep_model,
    )
    try:
        return attempt.run_strictly_if_possible()
    except UnfitStateError as error:
        assert checkpoint is not None
        checkpoint.reject(str(error))
    return attempt.run_strictly_if_possible()


@dataclass(frozen=True)
class _Prepared:
    """A cell that is ready to train.

    - `preparation`: what its encoder does to further samples; None where its model is not kept.
    - `dataset`: with its validation split cut where the protocol asks for it.
    - `rows`: the training rows, int64 [n].
    - `truth`: what its scores are measured against.
    - `scorer`: how its model is scored.
    - `spec`: what its training reads.
    """

    preparation: Preparation | None
    dataset: Dataset
    rows: npt.NDArray[np.int64]
    truth: GroundTruth
    scorer: Scorer
    spec: TrainerSpec


@dataclass(frozen=True)
class _Attempt:
    """One cell, with all that `run_cell` is given; its docstring says what."""

    cell: Cell
    dataset: Dataset
    device: torch.device
    deadline: float | None
    micro_batch: int | None
    on_progress: Progress | None
    checkpoint: Checkpoint | None
    cache_dir: Path | None
    scores: Literal["float32", "float16"]
    keep_model: bool

    def run_strictly_if_possible(self) -> CellResult:
        """Under strict determinism, or under one that only warns where torch lacks a kernel."""
        try:
            return self.run(strict=True)
        except RuntimeError as error:
            if not lacks_kernel(error):
                raise
        return self.run(strict=False)

    def run(self, strict: bool) -> CellResult:
        """Set up, train and measure, under determinism that is `strict` or only warns."""
        cell, protocol, clock = self.cell, self.cell.train, Clock()
        check_precision(protocol.precision, self.device)
        reset_peak_memory(self.device)
        with deterministic(protocol.deterministic, self.device, strict=strict) as was_deterministic:
            prepared = self.set_up()
            clock.lap("prepare")
            trainer = self.train(prepared, clock)
            final = prepared.scorer.final(prepared.spec.model, clock).stored_as(self.scores)
            with measuring():
                measured, replicates = measure_scores(prepared.truth, final, bootstrap=protocol.bootstrap)
                kept = self.keep(prepared, final)
            flags = numerics(self.device)
        dataset, rows, truth, history = prepared.dataset, prepared.rows, prepared.truth, trainer.history
        arrays = {**stored_scores(dataset, truth, final), **replicates}
        trained_on = history.steps * history.batch_size * protocol.views
        parts: TrainedParts = {
            **measured,
            "floor_metrics": floor_of(cell, dataset, truth, len(rows)),
            "history": cast(records.RecordedHistory, asdict(history)),
            "probe": None if final.linear is None else final.linear.setting(),
            "metrics_version": METRICS_VERSION,
            "deterministic": was_deterministic(),
            "numerics": flags,
            "micro_batch": prepared.spec.micro_batch,
            "dataset": describe_dataset(dataset, rows, truth),
            "unknown": describe_unknown(dataset, rows, protocol.unknown, prepared.spec.loss),
            "memory": peak_memory(self.device),
            "timing": {},
        }
        clock.lap("evaluate")
        parts["timing"] = {
            **clock.total(),
            "cost": trainer.cost.read(),
            "samples_per_second": trained_on / clock.seconds["train"],
        }
        return CellResult(parts, arrays, kept)

    def set_up(self) -> _Prepared:
        """The rows of the cell, its encoder fitted to them, its loss and its model."""
        cell, dataset, protocol, device = self.cell, self.dataset, self.cell.train, self.device
        rows = draw_rows(dataset, cell.fraction, cell.stream_seed)
        streams = Streams(cell.stream_seed)
        fitted = fit_encoder(cell, dataset, rows, self.cache_dir, device)
        preparation = prepare_samples(cell, dataset, rows, self.cache_dir) if self.keep_model else None
        if protocol.validation == "fraction":
            dataset, fitted = cut_validation(dataset, fitted, cell)
        targets = training_targets(dataset, rows, protocol.unknown)
        truth = GroundTruth.of(dataset, targets)
        stats = truth.stats(len(rows))
        loss = build_loss(cell, stats, device, self.micro_batch)
        micro_batch = self.micro_batch
        if micro_batch is None and loss.per_sample:
            micro_batch = protocol.micro_batch
        model = Model.build(fitted, loss, stats, protocol, streams.as_global).to(device)
        prepare_backbone(model, cell)
        scorer = Scorer(
            loss=loss,
            fitted=fitted,
            targets=torch.from_numpy(targets),
            truth=truth,
            protocol=protocol,
            streams=streams,
            micro_batch=micro_batch,
            probe_loss=build_probe_loss(cell, stats, device),
        )
        queue = build_queue(cell, loss, stats, device)
        spec = TrainerSpec(
            model=model,
            loss=loss,
            inputs=fitted.train,
            targets=scorer.targets,
            row_numbers=rows.tolist(),
            protocol=protocol,
            streams=streams,
            device=device,
            queue=queue,
            momentum=None
            if queue is None or protocol.momentum is None
            else MomentumModel(model, protocol.momentum),
            micro_batch=micro_batch,
            deadline=self.deadline,
            code_hash=code_hash(LOSSES.describe(cell.loss.name)),
        )
        return _Prepared(preparation, dataset, rows, truth, scorer, spec)

    def keep(self, prepared: _Prepared, final: FinalScores) -> dict[str, Any] | None:
        """The model, where it is asked for."""
        if prepared.preparation is None:
            return None
        dataset, truth, model = prepared.dataset, prepared.truth, prepared.spec.model
        return describe_model(self.cell, dataset, truth, model, prepared.preparation, final)

    def train(self, prepared: _Prepared, clock: Clock) -> Trainer:
        """Train the model, and leave it with the weights that count."""
        spec = prepared.spec
        trainer = Trainer(spec, WeightSelection(spec.model, spec.protocol, prepared.scorer.on_validation))
        trainer.run(self.checkpoint, self.on_progress)
        clock.lap("train", plus=trainer.earlier_seconds)
        clock.move("train", "validate", trainer.validation_seconds)
        return trainer


def describe_dataset(
    dataset: Dataset, rows: npt.NDArray[np.int64], truth: GroundTruth
) -> records.DatasetFacts:
    """The `dataset` of a record: what the report needs to know without the data."""
    return {
        "fingerprint": dataset.fingerprint,
        "modality": dataset.modality,
        "family": dataset.card.family or dataset.name,
        "labels": len(dataset.labels),
        "cardinality": dataset.cardinality,
        "sizes": {**dataset.sizes, "rows": len(rows)},
        "label_counts": {name: counts.tolist() for name, counts in dataset.label_counts.items()},
        "seen_counts": truth.seen_counts.tolist(),
        "known_counts": None if truth.known_counts is None else truth.known_counts.tolist(),
        "ceiling": dict(dataset.ceiling) if dataset.ceiling else None,
    }
