"""The two readings of a cell: the loss's own logits, and the linear probe on its frozen features."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from mlbench.losses.base import Loss
from mlbench.models.base import Fitted
from mlbench.models.inputs import Inputs
from mlbench.models.model import Model
from mlbench.suite import Protocol
from mlbench.training.determinism import measuring
from mlbench.training.measure import Held
from mlbench.training.predict import BATCH, predict_features, predict_logits
from mlbench.training.probe import GRID, QUICK, QUICK_ROWS, QUICK_STEPS, LinearProbe, fit_probe
from mlbench.training.resources import Clock
from mlbench.training.streams import Streams
from mlbench.training.validation import Validation

Logits = dict[str, Tensor]


@dataclass(frozen=True)
class Readings:
    """How a model of one cell is scored, on the way and at the end. `targets` [n, L] are of its own rows, UNKNOWN where
    they are to be ignored."""

    loss: Loss
    fitted: Fitted
    targets: Tensor
    held: Held
    protocol: Protocol
    streams: Streams
    micro_batch: int | None = None
    probe_loss: Loss | None = None
    """Trains the probe in place of binary cross-entropy."""

    @property
    def has_logits(self) -> bool:
        """Whether the loss trains logits; one that does not is read through the probe alone."""
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
    def validation(self) -> Validation:
        """What the model is scored against on its way."""
        targets = torch.from_numpy(self.held.validation_targets)
        return Validation.of(targets, self.streams.generator("validation halves"))

    def on_validation(self, model: Model) -> dict[str, float]:
        """The metrics of a point of the history, the protocol's `select_metric` among them."""
        features = self._features(model, self.fitted.validation)
        if self.has_logits:
            logits = predict_logits(model, features)
        else:
            logits = self._quick_probe(model, features)(features)
        with measuring():
            return self.validation.measure(logits, self.protocol.select_metric)

    def final(self, model: Model, clock: Clock) -> tuple[Logits, Logits | None, dict[str, Any] | None]:
        """The trained model's logits, the probe's (None where the protocol skips it), and its setting."""
        device = next(model.parameters()).device
        splits = {"validation": self.fitted.validation, "test": self.fitted.test}
        features = {name: self._features(model, inputs) for name, inputs in splits.items()}
        own = (
            {name: predict_logits(model, part) for name, part in features.items()}
            if self.has_logits
            else None
        )
        clock.lap("predict")
        if own is not None and self.protocol.probe == "needed":
            return own, None, None
        train = self._features(model, self.fitted.train)
        probe = fit_probe(
            train,
            self.targets.to(device),
            features["validation"],
            torch.from_numpy(self.held.validation_targets).to(device),
            self.streams.generator("probe"),
            steps=self.protocol.probe_steps,
            grid=GRID,
            loss=self.probe_loss,
        )
        read = {name: probe(part) for name, part in features.items()}
        clock.lap("probe")
        chosen = {"lr": probe.lr, "weight_decay": probe.weight_decay, "validation": probe.validation_score}
        return own or read, read, chosen

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
            torch.from_numpy(self.held.validation_targets).to(device),
            self.streams.generator("quick probe"),
            steps=QUICK_STEPS,
            grid=QUICK,
        )
