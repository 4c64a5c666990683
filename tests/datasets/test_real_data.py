"""The real datasets of `$MLBENCH_DATA`, against what their cards say."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from mlbench import datasets


@pytest.mark.data
@pytest.mark.parametrize("name", ["go_emotions", "reuters21578"])
def test_real_data(name: str, data_root: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset = datasets.load(name, data_root=data_root)
    assert len(dataset.labels) == dataset.card.labels
    total = np.concatenate([split.targets for split in dataset.splits.values()])
    assert total.sum() / len(total) == pytest.approx(dataset.card.cardinality, abs=0.01)
    assert min(counts.min() for counts in dataset.label_counts.values()) >= 0
    assert datasets.fingerprint(name, data_root=data_root) == dataset.fingerprint
