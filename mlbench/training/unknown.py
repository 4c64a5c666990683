"""Training entries of which nobody knows whether the label holds: what the protocol makes of them."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
from torch import Tensor

from mlbench.datasets import Dataset
from mlbench.losses.base import Loss
from mlbench.records.schema import UnknownEntries

UNKNOWN = 255
"""The training target of an entry that is to be ignored."""
READ_AS = {"negative": 0, "positive": 1, "ignore": UNKNOWN}

Unknown = Literal["ignore", "negative", "positive"]


def training_targets(
    dataset: Dataset, rows: npt.NDArray[np.int64], unknown: Unknown
) -> npt.NDArray[np.uint8]:
    """The targets [n, L] of the training rows `rows`: 0, 1, or UNKNOWN.

    An entry is unknown where the dataset lists it as not scored and the label is not given. (One that is given and
    not scored, as an object of VOC that is hard to see, is present in training.)
    """
    targets = dataset.train.targets[rows]
    if dataset.train.unscored is None:
        return targets
    missing = dataset.train.unscored[rows] & (targets == 0)
    return np.where(missing, np.uint8(READ_AS[unknown]), targets)


def split_known(targets: Tensor) -> tuple[Tensor, Tensor]:
    """Targets [B, L] with the unknown as 0, and where they are known (bool). Waits for nothing."""
    known = targets != UNKNOWN
    return targets.masked_fill(~known, 0), known


def has_unknown(targets: Tensor) -> bool:
    """Whether any entry is unknown; of targets in the host's memory."""
    return bool((targets == UNKNOWN).any())


def describe_unknown(
    dataset: Dataset, rows: npt.NDArray[np.int64], unknown: Unknown, loss: Loss
) -> UnknownEntries | None:
    """The `unknown` of a record: how many training entries are, and what the loss took them for; None where all are
    known."""
    entries = int((training_targets(dataset, rows, "ignore") == UNKNOWN).sum())
    if not entries:
        return None
    share = entries / (len(rows) * len(dataset.labels))
    return {"entries": entries, "share": share, "taken": _ignored(loss) if unknown == "ignore" else unknown}


def _ignored(loss: Loss) -> str:
    """What a loss makes of entries that are to be ignored. One that cannot leave them out gets them as negatives,
    which it was made for or has to do with."""
    if "known" not in loss.accepts:
        return "negative"
    return "weighed" if loss.weighs_unknown else "ignored"


def known_counts(targets: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64] | None:
    """The known entries of each label, [L]; None where all are known."""
    known = targets != UNKNOWN
    return None if known.all() else known.sum(axis=0, dtype=np.int64)
