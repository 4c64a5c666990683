"""Splits that a dataset does not have are cut from those that it has, stratified, with a fixed seed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from mlbench.datasets.base import Split
from mlbench.datasets.splits.duplicates import identical_groups
from mlbench.datasets.splits.stratify import stratified_order

SEED = 20240607
"""The seed of every cut: part of what the names of datasets mean, so never change it."""

VALIDATION_SHARE, TEST_SHARE = 0.1, 0.2

Indices = npt.NDArray[np.int64]


def cut_missing(splits: Mapping[str, Split], *, together: bool = False) -> dict[str, Split]:
    """All three splits: a missing validation split is 10 % of train, a missing test split 20 % of it; where
    both are missing, train, validation and test are 70, 10 and 20 % of the whole.

    `together` keeps rows of train with identical inputs in one split, so that no cut split is scored on an input
    that another one holds. Where train has no two identical inputs, the cut is the same with it and without.
    """
    train = splits["train"]
    shares = {
        name: share
        for name, share in (("test", TEST_SHARE), ("validation", VALIDATION_SHARE))
        if name not in splits
    }
    if not shares:
        return dict(splits)
    groups = identical_groups(train.inputs) if together else np.arange(len(train))
    sizes = np.bincount(groups)
    left = stratified_order(_labels_of_groups(train.targets, groups, sizes), SEED, phase=0.5)
    cut: dict[str, Split] = dict(splits)
    for name, share in shares.items():
        fills = _fill(sizes[left], round(share * len(train)), max(1, round(2 * share * len(sizes))))
        cut[name] = train.take(np.flatnonzero(np.isin(groups, left[fills])))
        left = left[~fills]
    cut["train"] = train.take(np.flatnonzero(np.isin(groups, left)))
    return cut


def _labels_of_groups(
    targets: npt.NDArray[np.uint8], groups: Indices, sizes: Indices
) -> npt.NDArray[np.uint8]:
    """uint8 [G, L]: 1 where any row of the group has the label."""
    by_group = targets[np.argsort(groups, kind="stable")]
    union: npt.NDArray[np.uint8] = np.maximum.reduceat(by_group, np.cumsum(sizes) - sizes, axis=0)
    return union


def _fill(sizes: Indices, wanted: int, most: int) -> npt.NDArray[np.bool_]:
    """Which groups, of `sizes` rows each and taken in their order, make a split of `wanted` rows; at most `most`
    groups, for the rest of a few large groups would leave train with hardly anything but them.

    Groups over a quarter of the split come last: its scores would be those of one input. Where no group fills what
    is missing, the smallest is taken if that comes nearer or the split would be empty; one group is always left.
    """
    chosen = np.zeros(len(sizes), bool)
    missing = wanted
    for largest in (max(wanted // 4, 1), wanted):
        for group in np.flatnonzero(~chosen & (sizes <= largest)).tolist():
            if missing == 0 or most == 0:
                return chosen
            if sizes[group] <= missing:
                chosen[group] = True
                missing -= int(sizes[group])
                most -= 1
    if missing and (~chosen).sum() > 1:
        smallest = int(np.where(chosen, sizes.max() + 1, sizes).argmin())
        if sizes[smallest] < 2 * missing or not chosen.any():
            chosen[smallest] = True
    return chosen
