"""The stratified order: shares of every label in every prefix, against plain counting."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mlbench.datasets.base import Dataset, Split
from mlbench.datasets.cards import Card
from mlbench.datasets.splits.fractions import draw_rows, sample_size
from mlbench.datasets.splits.stratify import stratified_order
from mlbench.errors import ConfigError


def correlated(count: int, labels: int, cardinality: float, seed: int) -> npt.NDArray[np.uint8]:
    """Long-tailed labels that depend on each other through eight groups."""
    generator = np.random.default_rng(seed)
    frequency = 1 / (1.0 + np.arange(labels))
    frequency = np.minimum(frequency * cardinality / frequency.sum(), 0.9)
    share = generator.gamma(1.0, 1.0, (8, labels))
    given_group = np.minimum(frequency * share, 0.95)[generator.integers(0, 8, count)]
    return (generator.random((count, labels)) < given_group).astype(np.uint8)


def dataset_of(targets: npt.NDArray[np.uint8]) -> Dataset:
    def split(rows: npt.NDArray[np.uint8]) -> Split:
        return Split(["x"] * len(rows), rows, [str(row) for row in range(len(rows))])

    labels = tuple(f"l{label}" for label in range(targets.shape[1]))
    some = split(targets[:5])
    return Dataset("d", "text", labels, split(targets), some, some, Card("d", "text"))


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 8)), elements=st.integers(0, 1)),
    st.integers(0, 2**31),
)
def test_is_a_permutation_that_the_seed_decides(targets: npt.NDArray[np.uint8], seed: int) -> None:
    order = stratified_order(targets, seed)
    assert sorted(order.tolist()) == list(range(len(targets)))
    assert np.array_equal(order, stratified_order(targets.copy(), seed))


def test_seeds_differ() -> None:
    targets = correlated(500, 10, 2.0, seed=0)
    assert not np.array_equal(stratified_order(targets, 0), stratified_order(targets, 1))


@pytest.mark.parametrize("phase", [None, 0.5])
def test_disjoint_labels_get_their_share_to_within_one(phase: float | None) -> None:
    """Where no row has two labels, every prefix holds its share of each label but for rounding."""
    label = np.repeat(np.arange(6), [3, 7, 20, 50, 120, 300])
    targets = np.eye(6, dtype=np.uint8)[label]
    order = stratified_order(targets, 3, phase=phase)
    for size in range(1, len(targets) + 1, 7):
        found = targets[order[:size]].sum(axis=0)
        share = targets.sum(axis=0) * size / len(targets)
        assert np.abs(found - share).max() < 2.5


def test_keeps_shares_far_better_than_chance() -> None:
    """Against uniform draws, whose deviation is known: the root mean square over labels, in its units."""
    targets = correlated(4000, 120, 4.0, seed=1)
    counts = targets.sum(axis=0)
    for fraction in (0.05, 0.1, 0.3):
        size = round(fraction * len(targets))
        found = targets[stratified_order(targets, 5)[:size]].sum(axis=0)
        by_chance = np.sqrt(counts * fraction * (1 - fraction))
        frequent = counts >= 30
        deviation = (np.abs(found - fraction * counts) / by_chance)[frequent]
        assert np.sqrt((deviation**2).mean()) < 0.6


def test_rare_labels_survive() -> None:
    """Labels that should have two rows in the sample are nearly never lost; by chance 13 % of them are."""
    lost = should = 0
    for seed in range(5):
        targets = correlated(3000, 150, 3.0, seed)
        sample = targets[stratified_order(targets, seed)[:300]]
        due = targets.sum(axis=0) * 0.1 >= 2
        should += int(due.sum())
        lost += int((due & ~sample.any(axis=0)).sum())
    assert should > 100
    assert lost / should < 0.01


def test_unbiased_over_seeds() -> None:
    """A label of one row is in the 20 % sample of about a fifth of the seeds."""
    targets = np.zeros((50, 2), np.uint8)
    targets[:25, 0] = 1
    targets[0, 1] = 1
    kept = [0 in stratified_order(targets, seed)[:10] for seed in range(300)]
    assert 0.12 < np.mean(kept) < 0.28


def test_fractions_are_nested_and_absolute_counts_are_too() -> None:
    dataset = dataset_of(correlated(1000, 20, 2.0, seed=0))
    nested = [set(draw_rows(dataset, fraction, 7).tolist()) for fraction in (0.01, 50, 0.1, 500, 1.0)]
    assert [len(rows) for rows in nested] == [10, 50, 100, 500, 1000]
    assert all(small < large for small, large in pairwise(nested))
    rows = draw_rows(dataset, 0.1, 7)
    assert rows.dtype == np.int64
    assert (np.diff(rows) > 0).all()


def test_rows_depend_on_the_dataset_the_fraction_and_the_seed_alone() -> None:
    targets = correlated(300, 9, 2.0, seed=0)
    first, second = dataset_of(targets), dataset_of(targets.copy())
    assert np.array_equal(draw_rows(first, 0.2, 1), draw_rows(second, 0.2, 1))
    assert not np.array_equal(draw_rows(first, 0.2, 1), draw_rows(first, 0.2, 2))


@pytest.mark.parametrize("fraction", [0, -0.1, 1.5, 301, float("nan"), True, "0.1"])
def test_fractions_that_cannot_be_drawn(fraction: float) -> None:
    with pytest.raises(ConfigError, match="fraction"):
        sample_size(300, fraction, "d")


def test_one_is_all_of_train() -> None:
    assert sample_size(300, 1, "d") == sample_size(300, 1.0, "d") == 300
    assert sample_size(30, 0.001, "d") == 1
