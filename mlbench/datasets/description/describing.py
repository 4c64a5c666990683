"""What a dataset is like: sizes, label statistics, what occurs together, duplicates, lengths, a few samples."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from mlbench.datasets.base import Dataset, Split
from mlbench.datasets.description.oddities import find_oddities
from mlbench.datasets.images import image_sizes
from mlbench.datasets.splits.duplicates import input_digests

QUANTILES = (0.0, 0.05, 0.5, 0.95, 1.0)
SAMPLES, PAIRS, SHOWN_TEXT = 5, 10, 200
MEASURED = 20_000
"""Inputs whose length or size is looked at: the first ones of the training split."""


@dataclass(frozen=True)
class Pair:
    """Two labels of the training split: on how many rows both are, and how often more than if independent."""

    first: str
    second: str
    count: int
    lift: float


@dataclass(frozen=True)
class Description:
    """A dataset in numbers.

    cardinality: mean labels a row. density: cardinality / number of labels. mean_ir: mean over the labels that
    train has of (count of its most frequent label) / (count of the label); Charte et al. 2015. shared: distinct
    inputs that two splits have both. repeated: rows of train whose input came before. absent: labels without a
    positive in a split. blank: texts that are nothing but spaces. unreadable: ids of what should be images and is
    not. measures: quantiles at 0, 5, 50, 95 and 100 % of what the inputs measure. remarks: how the files were
    read. oddities: what is rarely meant to be so.
    """

    name: str
    modality: str
    fingerprint: str
    card: Mapping[str, Any]
    labels: tuple[str, ...]
    sizes: Mapping[str, int]
    label_counts: Mapping[str, tuple[int, ...]]
    cardinality: Mapping[str, float]
    density: float
    mean_ir: float
    unlabelled: Mapping[str, int]
    unscored: Mapping[str, int]
    label_sets: int
    pairs: tuple[Pair, ...]
    shared: Mapping[str, int]
    repeated: int
    absent: Mapping[str, tuple[str, ...]]
    blank: Mapping[str, int]
    unreadable: tuple[str, ...]
    measures: Mapping[str, tuple[float, ...]]
    samples: tuple[Mapping[str, Any], ...]
    ceiling: Mapping[str, float] | None
    remarks: tuple[str, ...]
    oddities: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def describe(dataset: Dataset) -> Description:
    """The dataset in numbers; reads every input once to find duplicates."""
    train = dataset.train.targets
    counts = dataset.label_counts
    present = counts["train"][counts["train"] > 0]
    shared, repeated = find_duplicates(dataset)
    return Description(
        name=dataset.name,
        modality=dataset.modality,
        fingerprint=dataset.fingerprint,
        card=dataset.card.to_dict(),
        labels=dataset.labels,
        sizes=dataset.sizes,
        label_counts={name: tuple(count.tolist()) for name, count in counts.items()},
        cardinality={name: float(split.targets.sum() / len(split)) for name, split in dataset.splits.items()},
        density=float(train.mean()),
        mean_ir=float((present.max() / present).mean()),
        unlabelled={name: int((~split.targets.any(axis=1)).sum()) for name, split in dataset.splits.items()},
        unscored={
            name: 0 if split.unscored is None else int(split.unscored.sum())
            for name, split in dataset.splits.items()
        },
        label_sets=len(np.unique(np.packbits(train, axis=1), axis=0)),
        pairs=frequent_pairs(train, dataset.labels),
        shared=shared,
        repeated=repeated,
        absent={
            name: tuple(label for label, number in zip(dataset.labels, count, strict=True) if number == 0)
            for name, count in counts.items()
        },
        blank={name: count_blank(split) for name, split in dataset.splits.items()},
        unreadable=tuple(name for split in dataset.splits.values() for name in find_unreadable(split)),
        measures=measure(dataset.train, dataset.modality),
        samples=tuple(_sample(dataset, row) for row in _spread(len(dataset.train), SAMPLES)),
        ceiling=dataset.ceiling,
        remarks=dataset.remarks,
        oddities=tuple(find_oddities(dataset)),
    )


def co_occurrence(targets: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """On how many rows each two labels are together; [L, L]."""
    from scipy.sparse import csr_array

    rows, columns = np.nonzero(targets)
    present: Any = csr_array((np.ones(len(rows), np.int64), (rows, columns)), shape=targets.shape)
    together: npt.NDArray[np.int64] = (present.T @ present).toarray()
    return together


def frequent_pairs(targets: npt.NDArray[np.uint8], labels: Sequence[str]) -> tuple[Pair, ...]:
    """The pairs of labels that are together on most rows."""
    together = np.triu(co_occurrence(targets), k=1)
    counts = targets.sum(axis=0, dtype=np.int64)
    best = np.argsort(-together, axis=None, kind="stable")[:PAIRS]
    pairs = []
    for first, second in zip(*np.unravel_index(best, together.shape), strict=True):
        count = int(together[first, second])
        if count:
            lift = count * len(targets) / (int(counts[first]) * int(counts[second]))
            pairs.append(Pair(labels[first], labels[second], count, float(lift)))
    return tuple(pairs)


def find_duplicates(dataset: Dataset) -> tuple[dict[str, int], int]:
    """Distinct inputs that two splits have both ("train and test"), and rows of train that repeat an earlier one."""
    digests = {name: input_digests(split.inputs) for name, split in dataset.splits.items()}
    distinct = {name: set(found) for name, found in digests.items()}
    shared = {
        f"{one} and {other}": len(distinct[one] & distinct[other]) for one, other in combinations(distinct, 2)
    }
    return shared, len(digests["train"]) - len(distinct["train"])


def names_alike(labels: Sequence[str]) -> list[list[str]]:
    """The labels that differ from each other by capitals, spaces, hyphens and underscores alone."""
    groups: dict[str, list[str]] = {}
    for label in labels:
        groups.setdefault(re.sub(r"[\s_-]+", "", label.casefold()), []).append(label)
    return [names for names in groups.values() if len(names) > 1]


def count_blank(split: Split) -> int:
    """Texts that are nothing but spaces."""
    return sum(isinstance(sample, str) and not sample.strip() for sample in split.inputs)


def find_unreadable(split: Split) -> list[str]:
    """The ids of encoded images whose header says no size, among the first MEASURED; of files of their own, the table's
    line and the path."""
    encoded = [sample for sample in split.inputs[:MEASURED] if isinstance(sample, bytes)]
    names = split.ids if split.origins is None else split.origins
    return [name for name, size in zip(names, image_sizes(encoded), strict=False) if not size.all()]


def measure(split: Split, modality: str) -> dict[str, tuple[float, ...]]:
    """Words and characters of texts, width and height of images, mean and spread of features; quantiles."""
    inputs = split.inputs[:MEASURED]
    found: dict[str, Any]
    if modality == "text":
        found = {
            "words": [len(str(text).split()) for text in inputs],
            "characters": [len(text) for text in inputs],
        }
    elif modality == "features":
        vectors = np.asarray(inputs)
        found = {"mean of a feature": vectors.mean(axis=0), "deviation of a feature": vectors.std(axis=0)}
    elif isinstance(inputs, np.ndarray):
        found = {"height": [inputs.shape[1]], "width": [inputs.shape[2]]}
    else:
        sizes = image_sizes([sample for sample in inputs if isinstance(sample, bytes)])
        sizes = sizes[sizes.all(axis=1)] if sizes.all(axis=1).any() else sizes
        found = {"width": sizes[:, 0], "height": sizes[:, 1]}
    return {name: tuple(np.quantile(values, QUANTILES).tolist()) for name, values in found.items()}


def _spread(count: int, wanted: int) -> list[int]:
    """A few rows, spread evenly."""
    return sorted({int(row) for row in np.linspace(0, count - 1, min(wanted, count))})


def _sample(dataset: Dataset, row: int) -> dict[str, Any]:
    sample = dataset.train.inputs[row]
    if isinstance(sample, str):
        shown = sample if len(sample) <= SHOWN_TEXT else f"{sample[:SHOWN_TEXT]}…"
    elif isinstance(sample, bytes):
        shown = f"{len(sample):,} bytes"
    else:
        shown = f"{sample.dtype} {list(sample.shape)}"
    labels = [dataset.labels[place] for place in np.flatnonzero(dataset.train.targets[row])]
    return {"id": dataset.train.ids[row], "row": row, "input": shown, "labels": labels}
