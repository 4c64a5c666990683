"""From scores to numbers: the metrics of a cell's scores, of the probe's, and of the floor."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mlbench.datasets import Dataset
from mlbench.losses.base import LabelStats
from mlbench.metrics import Scored, bootstrap, evaluate
from mlbench.records.replicates import PREFIXES
from mlbench.records.schema import OWN, PROBE, Evaluation, MeasuredParts
from mlbench.suite import Cell
from mlbench.training.scoring.probe import LinearProbe
from mlbench.training.unknown import known_counts


@dataclass(frozen=True)
class GroundTruth:
    """What the scores of one cell are measured against.

    - `validation_targets` [N, L]: 0, 1, or 255 where not scored.
    - `test_targets` [N, L]: likewise.
    - `train_counts` [L]: the positives of each label in the full training split, which the buckets follow.
    - `seen_counts` [L]: those among the cell's own training rows.
    - `train_size`: the samples of the full training split; None where not known.
    - `known_counts` [L]: how many of the cell's own rows are known to have each label or not; None where all are.
    """

    validation_targets: npt.NDArray[np.uint8]
    test_targets: npt.NDArray[np.uint8]
    train_counts: npt.NDArray[np.int64]
    seen_counts: npt.NDArray[np.int64]
    train_size: int | None = None
    known_counts: npt.NDArray[np.int64] | None = None

    @classmethod
    def of(cls, dataset: Dataset, targets: npt.NDArray[np.uint8]) -> GroundTruth:
        """Of a cell that trains on rows of the dataset with these `targets` (`training_targets`)."""
        return cls(
            validation_targets=dataset.validation.scored_targets,
            test_targets=dataset.test.scored_targets,
            train_counts=dataset.label_counts["train"],
            seen_counts=(targets == 1).sum(axis=0, dtype=np.int64),
            train_size=len(dataset.train),
            known_counts=known_counts(targets),
        )

    def measure(self, validation_logits: Tensor, test_logits: Tensor, threshold: float | None) -> Evaluation:
        """Every metric of both splits, from logits as they are stored (float32 or float16)."""
        return evaluate(
            Scored(validation_logits, torch.from_numpy(self.validation_targets)),
            Scored(test_logits, torch.from_numpy(self.test_targets)),
            threshold=threshold,
            train_counts=self.train_counts,
            seen_counts=self.seen_counts,
            train_size=self.train_size,
        )

    def replicates(
        self, validation_logits: Tensor, test_logits: Tensor, threshold: float | None, prefix: str
    ) -> dict[str, npt.NDArray[np.float32]]:
        """The main metrics on bootstrap replicates of the test samples, for the scores file."""
        return bootstrap(
            Scored(validation_logits, torch.from_numpy(self.validation_targets)),
            Scored(test_logits, torch.from_numpy(self.test_targets)),
            threshold=threshold,
            prefix=prefix,
        )

    def stats(self, rows: int) -> LabelStats:
        """The label counts of the cell's own training rows, of which there are `rows`."""
        known = None if self.known_counts is None else torch.from_numpy(self.known_counts)
        return LabelStats(torch.from_numpy(self.seen_counts), rows, known)

    def floor(self, rows: int) -> Evaluation:
        """The metrics of the training frequencies as constant scores: what knowing nothing reaches."""
        logits = self.stats(rows).log_odds().float()
        return self.measure(
            logits.expand(len(self.validation_targets), -1), logits.expand(len(self.test_targets), -1), 0.0
        )


FLOORS = 16
"""Floors that a process keeps."""

_floors: OrderedDict[tuple[Any, ...], Evaluation] = OrderedDict()


def floor_of(cell: Cell, dataset: Dataset, truth: GroundTruth, rows: int) -> Evaluation:
    """The cell's floor, computed once for all losses that train on the same rows; kept where a fingerprint says what
    the data are."""
    key = (dataset.fingerprint, cell.fraction, cell.stream_seed, cell.train.validation, cell.train.unknown)
    if not dataset.fingerprint:
        return truth.floor(rows)
    if key not in _floors:
        _floors[key] = truth.floor(rows)
        while len(_floors) > FLOORS:
            _floors.popitem(last=False)
    return _floors[key]


@dataclass(frozen=True)
class FinalScores:
    """The logits of a trained model, of "validation" and "test", and where they cut.

    - `own`: those that `metrics` are of: the loss's own, or the probe's where it has none.
    - `threshold`: where these cut; None where they have no fixed origin.
    - `probe`: the probe's; None where the protocol skips it.
    - `probe_threshold`: where those cut.
    - `linear`: the probe itself.
    """

    own: Mapping[str, Tensor]
    threshold: float | None
    probe: Mapping[str, Tensor] | None
    probe_threshold: float | None
    linear: LinearProbe | None

    def stored_as(self, precision: Literal["float32", "float16"]) -> FinalScores:
        """The same as the scores file holds them, which is what every metric is of."""
        probe = as_stored(self.probe, precision) if self.probe else None
        return replace(self, own=as_stored(self.own, precision), probe=probe)


def as_stored(logits: Mapping[str, Tensor], precision: Literal["float32", "float16"]) -> dict[str, Tensor]:
    """The logits of each split as the scores file holds them; what float16 cannot reach is cut to its range."""
    if precision == "float32":
        return {split: values.float() for split, values in logits.items()}
    most = torch.finfo(torch.float16).max
    return {split: values.clamp(-most, most).half() for split, values in logits.items()}


def measure_scores(
    truth: GroundTruth, final: FinalScores, *, bootstrap: bool
) -> tuple[MeasuredParts, dict[str, npt.NDArray[np.float32]]]:
    """What scores as they are stored are worth: parts of the record, and the replicates for the scores file."""
    arrays: dict[str, npt.NDArray[np.float32]] = {}

    def measure(logits: Mapping[str, Tensor], threshold: float | None, prefix: str) -> Evaluation:
        splits = logits["validation"], logits["test"]
        if bootstrap:
            arrays.update(truth.replicates(*splits, threshold, prefix))
        return truth.measure(*splits, threshold)

    own = measure(final.own, final.threshold, PREFIXES[OWN])
    probe = measure(final.probe, final.probe_threshold, PREFIXES[PROBE]) if final.probe else None
    parts: MeasuredParts = {
        "metrics": own,
        "probe_metrics": probe,
        "threshold": {
            "metrics": final.threshold,
            "probe_metrics": final.probe_threshold if final.probe else None,
        },
    }
    return parts, arrays


def stored_scores(dataset: Dataset, truth: GroundTruth, final: FinalScores) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a cell's scores file, of scores `stored_as` they are to be."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    for split, logits in final.own.items():
        arrays[f"{split}_logits"] = logits.cpu().numpy()
    for split, logits in (final.probe or {}).items():
        arrays[f"{split}_probe_logits"] = logits.cpu().numpy()
    arrays["validation_targets"], arrays["test_targets"] = truth.validation_targets, truth.test_targets
    arrays["validation_ids"] = np.array(dataset.validation.ids, dtype=np.str_)
    arrays["test_ids"] = np.array(dataset.test.ids, dtype=np.str_)
    arrays["labels"] = np.array(dataset.labels, dtype=np.str_)
    return arrays
