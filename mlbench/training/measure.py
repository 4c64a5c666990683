"""From a trained model to numbers: both readings of the cell, and the floor."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mlbench.datasets import Dataset
from mlbench.losses.base import LabelStats
from mlbench.metrics import Scored, bootstrap, evaluate
from mlbench.suite import Cell
from mlbench.training.unknown import known_counts

Numbers = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Held:
    """What the metrics of one cell are measured against: targets with 255 where not scored, the label counts
    that the frequency buckets follow, the samples of the full training split, where known, and how many of the cell's
    own rows are known to have each label or not, where that is not all of them."""

    validation_targets: npt.NDArray[np.uint8]
    test_targets: npt.NDArray[np.uint8]
    train_counts: npt.NDArray[np.int64]
    seen_counts: npt.NDArray[np.int64]
    train_size: int | None = None
    known_counts: npt.NDArray[np.int64] | None = None

    @classmethod
    def of(cls, dataset: Dataset, targets: npt.NDArray[np.uint8]) -> Held:
        """Of a cell that trains on rows of the dataset with these `targets` (`training_targets`)."""
        return cls(
            dataset.validation.scored_targets,
            dataset.test.scored_targets,
            dataset.label_counts["train"],
            (targets == 1).sum(axis=0, dtype=np.int64),
            len(dataset.train),
            known_counts(targets),
        )

    def measure(self, validation_logits: Tensor, test_logits: Tensor, threshold: float | None) -> Numbers:
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

    def floor(self, rows: int) -> Numbers:
        """The metrics of the training frequencies as constant scores: what knowing nothing reaches."""
        logits = self.stats(rows).log_odds().float()
        return self.measure(
            logits.expand(len(self.validation_targets), -1), logits.expand(len(self.test_targets), -1), 0.0
        )


FLOORS = 16
"""Floors that a process keeps."""

_floors: OrderedDict[tuple[Any, ...], Numbers] = OrderedDict()


def floor_of(cell: Cell, dataset: Dataset, held: Held, rows: int) -> Numbers:
    """The cell's floor, computed once for all losses that train on the same rows; kept where a fingerprint says what
    the data are."""
    key = (dataset.fingerprint, cell.fraction, cell.stream_seed, cell.train.validation, cell.train.unknown)
    if not dataset.fingerprint:
        return held.floor(rows)
    if key not in _floors:
        _floors[key] = held.floor(rows)
        while len(_floors) > FLOORS:
            _floors.popitem(last=False)
    return _floors[key]


def as_kept(logits: Mapping[str, Tensor], precision: Literal["float32", "float16"]) -> dict[str, Tensor]:
    """The logits of each split as the scores file holds them; what float16 cannot reach is cut to its range."""
    if precision == "float32":
        return {split: values.float() for split, values in logits.items()}
    most = torch.finfo(torch.float16).max
    return {split: values.clamp(-most, most).half() for split, values in logits.items()}


def stored_scores(
    dataset: Dataset,
    held: Held,
    own: Mapping[str, Tensor],
    probe: Mapping[str, Tensor] | None,
) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a cell's scores file; `own` and `probe` hold logits of "validation" and "test", `as_kept`."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    for split, logits in own.items():
        arrays[f"{split}_logits"] = logits.cpu().numpy()
    for split, logits in (probe or {}).items():
        arrays[f"{split}_probe_logits"] = logits.cpu().numpy()
    arrays["validation_targets"], arrays["test_targets"] = held.validation_targets, held.test_targets
    arrays["validation_ids"] = np.array(dataset.validation.ids, dtype=np.str_)
    arrays["test_ids"] = np.array(dataset.test.ids, dtype=np.str_)
    arrays["labels"] = np.array(dataset.labels, dtype=np.str_)
    return arrays
