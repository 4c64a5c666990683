"""What a dataset's splits hold."""

from __future__ import annotations

import numpy as np

from mlbench.datasets.base import Split
from mlbench.datasets.conformance.subject import DatasetUnderTest
from mlbench.datasets.fingerprints import content_fingerprint
from mlbench.datasets.images import decode_images
from mlbench.properties import PropertyFailure

FEW = 8
"""Images of a split that are decoded."""


SIDE = 32
"""What they are resized to."""


def splits_have_samples(subject: DatasetUnderTest) -> None:
    dataset = subject.dataset
    for name, split in dataset.splits.items():
        if not len(split):
            raise PropertyFailure(f"{name} is empty")
        if split.targets.max(initial=0) > 1:
            raise PropertyFailure(f"{name}: targets must be 0 or 1, found {int(split.targets.max())}")
        if split.unscored is not None and split.unscored.all():
            raise PropertyFailure(f"{name}: no entry is scored")
        if not split.targets.any():
            raise PropertyFailure(f"{name}: no sample has a label")
        _check_inputs(name, split, dataset.modality)


def _check_inputs(name: str, split: Split, modality: str) -> None:
    inputs = split.inputs
    if modality == "features":
        values = np.asarray(inputs)
        if values.ndim != 2 or values.dtype != np.float32 or not np.isfinite(values).all():
            raise PropertyFailure(
                f"{name}: features must be finite float32 [N, D], got {values.dtype} {values.shape}"
            )
    elif modality == "image":
        decode_images(split, SIDE, rows=np.arange(min(FEW, len(split))))
    elif empty := [split.ids[row] for row, text in enumerate(inputs) if not str(text).strip()]:
        raise PropertyFailure(f"{name}: {len(empty)} texts are empty, such as that of {empty[0]!r}")


def label_names_tell_labels_apart(subject: DatasetUnderTest) -> None:
    labels = subject.dataset.labels
    if twice := sorted({label for label in labels if labels.count(label) > 1}):
        raise PropertyFailure(f"{twice[0]!r} names more than one label")
    if bad := [label for label in labels if not label or label != label.strip()]:
        raise PropertyFailure(f"{bad[0]!r}: a label's name is empty, or has spaces around it")


def every_label_occurs(subject: DatasetUnderTest) -> None:
    counts = sum(subject.dataset.label_counts.values())
    absent = [
        label for label, count in zip(subject.dataset.labels, np.atleast_1d(counts), strict=True) if not count
    ]
    if absent:
        raise PropertyFailure(f"{len(absent)} labels have no sample in any split, such as {absent[0]!r}")


def ids_are_unique(subject: DatasetUnderTest) -> None:
    for name, split in subject.dataset.splits.items():
        if len(set(split.ids)) != len(split.ids):
            twice = next(each for each in split.ids if split.ids.count(each) > 1)
            raise PropertyFailure(f"{name}: id {twice!r} occurs more than once")


def fingerprint_is_stable(subject: DatasetUnderTest) -> None:
    first, second = content_fingerprint(subject.dataset), content_fingerprint(subject.read())
    if first != second:
        raise PropertyFailure(
            f"read twice, its fingerprint is {first}, then {second}: its order or content moves"
        )
    if subject.dataset.fingerprint != first:
        raise PropertyFailure(
            f"its fingerprint is {first}, and {subject.dataset.fingerprint} was remembered: `stamp` does not tell that "
            "the content is another"
        )
