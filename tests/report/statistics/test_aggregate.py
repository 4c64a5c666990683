"""Normalised scores, the interquartile mean and performance profiles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import trim_mean

from mlbench.records import load_records
from mlbench.report.data.grid import Grid
from mlbench.report.data.measures import measure
from mlbench.report.statistics import (
    Normalised,
    interquartile_mean,
    make_blocks,
    normalise,
    performance_profile,
)
from tests.report.synthetic import World, write


def normalised(*tasks: np.ndarray, families: str = "") -> Normalised:
    """Tasks [losses, seeds], each of a family named by a letter; of its own where none is given."""
    names = tuple("abcdefghijklmnopqrst"[: len(tasks)])
    losses = tuple(f"loss {index}" for index in range(len(tasks[0])))
    return Normalised(losses, tasks, tuple(families) or names, names, ())


def test_normalised_scores_run_from_the_floor_to_the_best_loss(tmp_path: Path) -> None:
    grid = Grid(load_records(write(tmp_path, World(fractions=(1.0,)))))
    blocks = make_blocks(grid, "own", measure("map"), 0)
    assert blocks is not None
    scores = normalise(grid, blocks, 0)
    assert not scores.unusable
    assert scores.families.count("eurlex") == 2
    for task in scores.by_task:
        assert task.mean(1).max() == pytest.approx(1.0)
        assert task.min() > 0


def test_interquartile_mean_by_hand() -> None:
    found = interquartile_mean(normalised(np.array([[1.0, 2, 3, 4]]), np.array([[5.0, 6, 7, 100]])))
    assert found.value[0] == pytest.approx(np.mean([3, 4, 5, 6]))
    assert found.low[0] <= found.value[0] <= found.high[0]


def test_interquartile_mean_is_scipys_where_all_families_have_one_task() -> None:
    random = np.random.default_rng(0)
    tasks = [random.normal(size=(3, 4)) for _ in range(5)]
    found = interquartile_mean(normalised(*tasks))
    assert found.value == pytest.approx(trim_mean(np.concatenate(tasks, axis=1), 0.25, axis=1))


def test_a_family_counts_once_however_many_tasks_it_has() -> None:
    here, there = np.array([[0.0, 0.0]]), np.array([[1.0, 1.0]])
    many = normalised(here, here, here, there, families="xxxy")
    assert performance_profile(many, np.array([0.5])).value[0, 0] == pytest.approx(0.5)
    assert interquartile_mean(many).value[0] == pytest.approx(0.5)


def test_profiles_fall_from_one_to_zero() -> None:
    random = np.random.default_rng(0)
    found = performance_profile(
        normalised(random.uniform(size=(2, 5)), random.uniform(size=(2, 5))), np.linspace(-0.1, 1.1, 13)
    )
    for curve in (found.value, found.low, found.high):
        assert curve[:, 0] == pytest.approx(1)
        assert curve[:, -1] == pytest.approx(0)
        assert (np.diff(curve, axis=1) <= 1e-12).all()
    assert (found.low <= found.value + 1e-12).all()
    assert (found.value <= found.high + 1e-12).all()


def test_intervals_are_of_families_then_seeds() -> None:
    """Runs that agree within each family vary over families alone; those of one family over its seeds."""
    threshold = np.array([0.5])
    halves = performance_profile(normalised(*[np.full((1, 3), float(i % 2)) for i in range(20)]), threshold)
    # The share of 20 draws of a fair coin: 0.5 ± 1.96 · √(0.25 / 20).
    assert halves.high[0, 0] - halves.low[0, 0] == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 20), rel=0.25)
    single = performance_profile(normalised(np.array([[0.0, 1.0] * 10])), threshold)
    assert single.high[0, 0] - single.low[0, 0] == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 20), rel=0.25)
    same = performance_profile(normalised(*[np.full((1, 3), 1.0)] * 20), threshold)
    assert same.low[0, 0] == pytest.approx(1)


@pytest.mark.parametrize("of", ["profile", "interquartile mean"])
def test_intervals_hold_the_truth_about_as_often_as_they_say(of: str) -> None:
    """Families drawn about 0: their median is 0, so half of all runs is above 0."""
    random, held, trials = np.random.default_rng(1), 0, 150
    for trial in range(trials):
        centres = random.normal(size=15)
        scores = normalised(*[centre + 0.3 * random.normal(size=(1, 3)) for centre in centres])
        found, truth = (
            (performance_profile(scores, np.array([0.0]), seed=trial), 0.5)
            if of == "profile"
            else (interquartile_mean(scores, seed=trial), 0.0)
        )
        held += int(found.low.item() <= truth <= found.high.item())
    assert held / trials >= 0.88


def test_intervals_are_the_same_each_time() -> None:
    scores = normalised(np.random.default_rng(0).normal(size=(2, 5)))
    assert (interquartile_mean(scores).low == interquartile_mean(scores).low).all()
