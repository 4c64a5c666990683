"""What every dataset is once it is loaded: three splits of samples, each with a set of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from mlbench.datasets.cards import Card, Modality
from mlbench.datasets.stored import StoredImages

SPLITS = ("train", "validation", "test")
ALIASES = {"val": "validation", "valid": "validation", "dev": "validation", "training": "train"}
"""What splits are called elsewhere."""


def split_called(word: str) -> str:
    """The split that a word stands for, however it is written; the word in lower case where it stands for none."""
    word = word.strip().lower()
    return ALIASES.get(word, word)


NOT_SCORED = 255
"""The value of `scored_targets` where an entry is not to be evaluated."""

Inputs: TypeAlias = Sequence[str] | Sequence[bytes] | npt.NDArray[np.uint8] | npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Split:
    """Samples in their order.

    - `inputs`: texts, encoded images (bytes), uint8 images [N, H, W, C] or float32 features [N, D].
    - `targets`: uint8 [N, L] in {0, 1}.
    - `ids`: unique in the split.
    - `unscored`: bool [N, L], True where an entry is not to be evaluated; None where every entry is.
    - `origins`: what to call each input in an error, where it is a file of its own; else None.
    """

    inputs: Inputs
    targets: npt.NDArray[np.uint8]
    ids: list[str]
    unscored: npt.NDArray[np.bool_] | None = None
    origins: Sequence[str] | None = None

    def __post_init__(self) -> None:
        if not len(self.inputs) == len(self.targets) == len(self.ids):
            raise ValueError(
                f"a split needs as many inputs, targets and ids: {len(self.inputs)}, "
                f"{len(self.targets)}, {len(self.ids)}"
            )
        if self.targets.ndim != 2 or self.targets.dtype != np.uint8:
            raise ValueError(f"targets must be uint8 [N, L], got {self.targets.dtype} {self.targets.shape}")
        if self.unscored is not None and self.unscored.shape != self.targets.shape:
            raise ValueError("unscored must have the shape of targets")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def scored_targets(self) -> npt.NDArray[np.uint8]:
        """The targets with 255 where an entry is not scored; [N, L]."""
        if self.unscored is None:
            return self.targets
        return np.where(self.unscored, np.uint8(NOT_SCORED), self.targets)

    def take(self, rows: npt.NDArray[np.int64]) -> Split:
        """The split of these rows, in this order."""
        inputs: Inputs
        if isinstance(self.inputs, np.ndarray):
            inputs = self.inputs[rows]
        elif isinstance(self.inputs, StoredImages):
            inputs = self.inputs.take(rows)
        else:
            inputs = [self.inputs[row] for row in rows]
        unscored = None if self.unscored is None else self.unscored[rows]
        origins = None if self.origins is None else [self.origins[row] for row in rows]
        return Split(inputs, self.targets[rows], [self.ids[row] for row in rows], unscored, origins)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Three splits over one vocabulary of labels.

    - `name`: what it is called in records and reports.
    - `modality`: what its samples are.
    - `labels`: the vocabulary, in the order of the targets' columns.
    - `train`, `validation`, `test`: the splits.
    - `card`: what is known of it without its files.
    - `fingerprint`: a hash of content and order.
    - `ceiling`: the Bayes-optimal scores of the test split where the generative model is known (`map`, `f1_macro`,
      `f1_micro`, each with an `_error`), else None.
    - `remarks`: how the files were read, where a user should know it, a sentence each.
    """

    name: str
    modality: Modality
    labels: tuple[str, ...]
    train: Split
    validation: Split
    test: Split
    card: Card
    fingerprint: str = ""
    ceiling: Mapping[str, float] | None = None
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for split_name, split in self.splits.items():
            if split.targets.shape[1] != len(self.labels):
                raise ValueError(
                    f"{split_name}: targets have {split.targets.shape[1]} columns for {len(self.labels)} labels"
                )

    @property
    def splits(self) -> dict[str, Split]:
        """The three splits by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    @property
    def sizes(self) -> dict[str, int]:
        """Number of samples of each split."""
        return {name: len(split) for name, split in self.splits.items()}

    @property
    def label_counts(self) -> dict[str, npt.NDArray[np.int64]]:
        """Positives of each label in each split; [L]."""
        return {name: split.targets.sum(axis=0, dtype=np.int64) for name, split in self.splits.items()}

    @property
    def cardinality(self) -> float:
        """Mean number of labels of a training sample."""
        return float(self.train.targets.sum() / len(self.train))
