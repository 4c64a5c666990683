"""Normalised scores, the interquartile mean and performance profiles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlbench.records import load_records
from mlbench.report.grid import Grid
from mlbench.report.measures import measure
from mlbench.report.statistics import (
    Normalised,
    interquartile_mean,
    make_blocks,
    normalise,
    performance_profile,
)
from tests.report.synthetic import World, write


def test_normalised_scores_run_from_the_floor_to_the_best_loss(tmp_path: Path) -> None:
    grid = Grid(load_records(write(tmp_path, World(fractions=(1.0,)))))
    blocks = make_blocks(grid, "own", measure("map"), 0)
    assert blocks is not None
    scores = normalise(grid, blocks, 0)
    assert not scores.unusable
    for task in scores.by_task:
        assert task.mean(1).max() == pytest.approx(1.0)
        assert task.min() > 0


def test_interquartile_mean_by_hand() -> None:
    scores = Normalised(("a",), (np.array([[1.0, 2, 3, 4]]), np.array([[5.0, 6, 7, 100]])), ("x", "y"), ())
    value, low, high = interquartile_mean(scores)
    assert value[0] == pytest.approx(np.mean([3, 4, 5, 6]))
    assert low[0] <= value[0] <= high[0]


def test_profiles_fall_from_one_to_zero() -> None:
    random = np.random.default_rng(0)
    scores = Normalised(
        ("a", "b"), (random.uniform(size=(2, 5)), random.uniform(size=(2, 5))), ("x", "y"), ()
    )
    profile = performance_profile(scores, np.linspace(-0.1, 1.1, 13))
    assert (profile[:, 0] == 1).all()
    assert (profile[:, -1] == 0).all()
    assert (np.diff(profile, axis=1) <= 0).all()
