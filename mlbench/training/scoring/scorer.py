"""The two scores of a cell's model: the loss's own logits, and those of the linear probe on its frozen features."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from mlbench.losses.base import Loss
from mlbench.models.base import Fitted
from mlbench.models.inputs import Inputs
from mlbench.models.model import Model
from mlbench.models.prefetch import on_device
from mlbench.suite import Protocol
from mlbench.training.determinism import measuring
from mlbench.training.precision import autocast
from mlbench.training.resources import Clock
from mlbench.training.scoring.measure import FinalScores, GroundTruth
from mlbench.training.scoring.probe import GRID, QUICK, QUICK_ROWS, QUICK_STEPS, LinearProbe, fit_probe
from mlbench.training.scoring.validation import ValidationSplit
from mlbench.training.streams import Streams

BATCH = 512
"""Rows of a batch without gradient, at most."""


@dataclass(frozen=True)
class Scorer:
    """How a model of one cell is scored, on the way and at the end.

    - `loss`: the cell's.
    - `fitted`: the encoder's inputs of each split.
    - `targets` [n, L]: of the cell's own training rows, UNKNOWN where they are to be ignored.
    - `truth`: the targets of the other splits.
    - `protocol`: which scores are asked for.
    - `streams`: the random streams of the cell.
    - `micro_batch`: the rows that the device takes at once; None for a whole batch.
    - `probe_loss`: trains the probe in place of binary cross-entropy, where there is one.
    """

    loss: Loss
    fitted: Fitted
    targets: Tensor
    truth: GroundTruth
    protocol: Protocol
    streams: Streams
    micro_batch: int | None = None
    probe_loss: Loss | None = None

    @property
    def has_logits(self) -> bool:
        """Whether the loss trains logits; a model of one that does not is scored by the probe alone."""
        return "logits" in self.loss.needs

    @property
    def threshold(self) -> float | None:
        """Where the scores that `metrics` are of cut: the loss's own, or the probe's."""
        return self.loss.threshold if self.has_logits else self.probe_threshold

    @property
    def probe_threshold(self) -> float | None:
        """Where the probe's scores cut: at 0, unless another loss trains it."""
        return 0.0 if self.probe_loss is None else self.probe_loss.threshold

    @cached_property
    def validation(self) -> ValidationSplit:
        """What the model is scored against on its way."""
        targets = torch.from_numpy(self.truth.validation_targets)
        return ValidationSplit.of(targets, self.streams.generator("validation halves"))

    def on_validation(self, model: Model) -> dict[str, float]:
        """The metrics of a point of the history, the protocol's `select_metric` among them."""
        features = self._features(model, self.fitted.validation)
        if self.has_logits:
            logits = predict_logits(model, features)
        else:
            logits = self._quick_probe(model, features)(features)
        with measuring():
            return self.validation.measure(logits, self.protocol.select_metric)

    def final(self, model: Model, clock: Clock) -> FinalScores:
        """The scores of the trained model."""
        device = next(model.parameters()).device
        splits = {"validation": self.fitted.validation, "test": self.fitted.test}
        features = {name: self._features(model, inputs) for name, inputs in splits.items()}
        own = (
            {name: predict_logits(model, of_split) for name, of_split in features.items()}
            if self.has_logits
            else None
        )
        clock.lap("predict")
        if own is not None and self.protocol.probe == "needed":
            return FinalScores(own, self.threshold, None, None, None)
        probe = fit_probe(
            self._features(model, self.fitted.train),
            self.targets.to(device),
            features["validation"],
            torch.from_numpy(self.truth.validation_targets).to(device),
            self.streams.generator("probe"),
            steps=self.protocol.probe_steps,
            grid=GRID,
            loss=self.probe_loss,
        )
        of_probe = {name: probe(of_split) for name, of_split in features.items()}
        clock.lap("probe")
        return FinalScores(
            own=own or of_probe,
            threshold=self.threshold,
            probe=of_probe,
            probe_threshold=self.probe_threshold,
            linear=probe,
        )

    def _features(self, model: Model, inputs: Inputs, rows: Tensor | None = None) -> Tensor:
        """Features as the model was trained: in its precision, and no more rows at once than four batches or
        those that once fitted on the device."""
        device = next(model.parameters()).device
        fits = self.micro_batch or self.protocol.batch_size
        return predict_features(
            model,
            inputs,
            device,
            rows,
            precision=self.protocol.precision,
            batch_size=max(1, min(BATCH, 4 * fits)),
        )

    def _quick_probe(self, model: Model, held_out: Tensor) -> LinearProbe:
        """The probe that scores a representation on the way: one setting, few steps, at most 10,000 rows."""
        device, count = held_out.device, len(self.targets)
        some = torch.randperm(count, generator=self.streams.generator("quick probe rows"))[:QUICK_ROWS]
        some = some.sort().values
        return fit_probe(
            self._features(model, self.fitted.train, some),
            self.targets[some].to(device),
            held_out,
            torch.from_numpy(self.truth.validation_targets).to(device),
            self.streams.generator("quick probe"),
            steps=QUICK_STEPS,
            grid=QUICK,
        )


@torch.no_grad()
def predict_features(
    model: Model,
    inputs: Inputs,
    device: torch.device,
    rows: Tensor | None = None,
    *,
    precision: str = "float32",
    batch_size: int = BATCH,
) -> Tensor:
    """The backbone's features of every sample (or of `rows`), float32 [N, M], on the device, in their order.

    `precision` is the one that the backbone was trained in. Samples of like length go through together, where
    they have lengths.
    """
    model.eval()
    chosen = torch.arange(len(inputs)) if rows is None else rows
    lengths = inputs.lengths
    order = None if lengths is None else lengths[chosen].argsort(stable=True, descending=True)
    ordered = chosen if order is None else chosen[order]
    features = []
    for batch in on_device((inputs.batch(some) for some in ordered.split(batch_size)), device):
        with autocast(precision, device):
            features.append(model.features(batch).float())
    together = torch.cat(features)
    return together if order is None else together[order.argsort().to(device)]


@torch.no_grad()
def predict_logits(model: Model, features: Tensor) -> Tensor:
    """The loss's own logits from features, float32 [N, L]."""
    model.eval()
    return torch.cat([model.logits(chunk).float() for chunk in features.split(4096)])
