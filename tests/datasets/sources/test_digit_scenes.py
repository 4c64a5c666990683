"""`digit-scenes`: made from real digits, none of which is in two splits."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from mlbench.datasets import fingerprint, load
from mlbench.datasets.sources.digit_scenes import CANVAS, DigitScenes
from mlbench.errors import ConfigError


def test_sizes_labels_and_shape() -> None:
    dataset = load("digit-scenes", {"samples": 300})
    assert dataset.sizes == {"train": 200, "validation": 40, "test": 60} == dict(dataset.card.sizes)
    assert dataset.labels == tuple("0123456789")
    assert isinstance(dataset.train.inputs, np.ndarray)
    assert dataset.train.inputs.shape == (200, CANVAS, CANVAS, 1)
    assert dataset.train.inputs.dtype == np.uint8
    assert set(dataset.train.targets.sum(axis=1)) == {1, 2, 3, 4}


def test_no_scanned_digit_is_in_two_splits() -> None:
    pools = DigitScenes()._pools()
    digits = {
        name: {image.tobytes() for of_class in pool for image in of_class}
        for name, (pool, _) in pools.items()
    }
    assert sum(map(len, digits.values())) == 1797
    for one, other in combinations(digits.values(), 2):
        assert not one & other
    assert all(len(pool) == 10 and min(map(len, pool)) > 20 for pool, _ in pools.values())


def test_labels_are_the_digits_that_are_laid() -> None:
    """Without noise a scene is the brighter of its digits at each pixel, so more digits cover more pixels."""
    dataset = load("digit-scenes", {"samples": 600, "noise": 0.0})
    assert isinstance(dataset.train.inputs, np.ndarray)
    covered = (dataset.train.inputs > 0).mean(axis=(1, 2, 3))
    number = dataset.train.targets.sum(axis=1)
    means = [covered[number == count].mean() for count in (1, 2, 3, 4)]
    assert means == sorted(means)
    assert means[3] > 3 * means[0]


def test_the_seed_decides_and_parameters_change_the_fingerprint() -> None:
    one, again = load("digit-scenes", {"samples": 60}), load("digit-scenes", {"samples": 60})
    assert np.array_equal(one.train.inputs, again.train.inputs)
    assert one.fingerprint == again.fingerprint == fingerprint("digit_scenes", {"samples": 60})
    others = [{"samples": 61}, {"samples": 60, "seed": 1}, {"samples": 60, "imbalance": 2.0}]
    assert len({one.fingerprint, *(fingerprint("digit-scenes", other) for other in others)}) == 4


def test_imbalance() -> None:
    counts = load("digit-scenes", {"samples": 3000}).label_counts["train"]
    assert counts[0] > 2 * counts[9] > 0
    even = load("digit-scenes", {"samples": 3000, "imbalance": 0.0}).label_counts["train"]
    assert even.max() < 1.3 * even.min()


@pytest.mark.parametrize("wrong", [{"samples": 10}, {"noise": -0.1}, {"seed": -1}, {"sample": 60}])
def test_wrong_parameters(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="digit-scenes"):
        load("digit-scenes", wrong)
