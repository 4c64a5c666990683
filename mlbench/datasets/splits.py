"""Splits that a dataset does not have are cut from those that it has, stratified, with a fixed seed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mlbench.datasets.base import Split
from mlbench.datasets.stratify import stratified_order

SEED = 20240607
"""The seed of every cut: part of what the names of datasets mean, so never change it."""

VALIDATION_SHARE, TEST_SHARE = 0.1, 0.2


def cut_missing(splits: Mapping[str, Split]) -> dict[str, Split]:
    """All three splits: a missing validation split is 10 % of train, a missing test split 20 % of it; where
    both are missing, train, validation and test are 70, 10 and 20 % of the whole."""
    train = splits["train"]
    shares = {
        name: share
        for name, share in (("test", TEST_SHARE), ("validation", VALIDATION_SHARE))
        if name not in splits
    }
    if not shares:
        return dict(splits)
    order = stratified_order(train.targets, SEED, phase=0.5)
    cut: dict[str, Split] = dict(splits)
    start = 0
    for name, share in shares.items():
        end = start + round(share * len(train))
        cut[name] = train.take(np.sort(order[start:end]))
        start = end
    cut["train"] = train.take(np.sort(order[start:]))
    return cut
