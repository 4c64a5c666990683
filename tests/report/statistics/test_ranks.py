"""Blocks, ranks and their intervals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import rankdata

from mlbench.records import load_records
from mlbench.report.data.grid import Grid
from mlbench.report.data.measures import measure
from mlbench.report.statistics import Blocks, make_blocks, rank_losses
from mlbench.report.statistics.ranks import _fast_ranks
from tests.report.synthetic import World, write


def blocks_of(world: World, folder: Path, fraction: int = -1) -> Blocks:
    grid = Grid(load_records(write(folder, world)))
    blocks = make_blocks(grid, "own", measure("map"), range(len(grid.fractions))[fraction])
    assert blocks is not None
    return blocks


def test_a_family_counts_once(tmp_path: Path) -> None:
    blocks = blocks_of(World(fractions=(1.0,)), tmp_path)
    assert len(blocks.tasks) == 6
    assert blocks.count == 5
    place = blocks.families.index("eurlex")
    members = [index for index, family in enumerate(blocks.family_of) if family == place]
    expected = np.mean([blocks.by_task[index].mean(1) for index in members], axis=0)
    assert blocks.scores[place] == pytest.approx(expected)


def test_what_is_missing_is_set_aside_and_named(tmp_path: Path) -> None:
    failed = [("kmcl", "go_emotions", None, None), ("kmcl", "reuters21578", None, None)]
    blocks = blocks_of(World(failed=failed, fractions=(1.0,)), tmp_path)
    assert blocks.excluded_losses == ("kmcl",)
    assert len(blocks.tasks) == 6


def test_a_task_that_most_losses_lack_is_set_aside(tmp_path: Path) -> None:
    failed = [(loss, "go_emotions", None, None) for loss in ("bce", "focal", "asl", "msc")]
    blocks = blocks_of(World(failed=failed, fractions=(1.0,)), tmp_path)
    assert blocks.excluded_tasks == ("go_emotions",)
    assert not blocks.excluded_losses


def test_scores_are_paired_on_the_seeds_that_all_have(tmp_path: Path) -> None:
    blocks = blocks_of(World(failed=[("kmcl", "go_emotions", None, 1)], fractions=(1.0,)), tmp_path)
    shapes = {task: scores.shape for task, scores in zip(blocks.tasks, blocks.by_task, strict=True)}
    assert shapes.pop("go_emotions") == (6, 2)
    assert set(shapes.values()) == {(6, 3)}


def test_more_seeds_of_one_loss_put_no_other_aside(tmp_path: Path) -> None:
    write(tmp_path, World(losses={"mine": 0.1}, seeds=(0, 1, 2, 3, 4), suite="mine"))
    blocks = blocks_of(World(losses={"bce": 0.0, "asl": 0.0}, seeds=(0, 1)), tmp_path)
    assert blocks.losses == ("asl", "bce", "mine")
    assert {scores.shape for scores in blocks.by_task} == {(3, 2)}


def test_a_loss_that_failed_most_of_its_seeds_is_set_aside(tmp_path: Path) -> None:
    blocks = blocks_of(
        World(failed=[("asl", "go_emotions", None, 0), ("asl", "go_emotions", None, 1)]), tmp_path
    )
    assert blocks.excluded_losses == ("asl",)
    assert {scores.shape for scores in blocks.by_task} == {(5, 3)}


def test_a_loss_that_shares_no_seed_with_the_others_is_set_aside(tmp_path: Path) -> None:
    write(tmp_path, World(losses={"mine": 0.1}, seeds=(7, 8), suite="mine"))
    blocks = blocks_of(World(losses={"bce": 0.0, "asl": 0.0}, seeds=(0, 1, 2)), tmp_path)
    assert blocks.losses == ("asl", "bce")
    assert blocks.excluded_losses == ("mine",)
    assert not blocks.excluded_tasks


def test_the_known_order_is_found(tmp_path: Path) -> None:
    skills = {"bce": 0.0, "asl": 0.04, "focal": -0.04, "msc": 0.08}
    ranking = rank_losses(blocks_of(World(losses=skills, fractions=(1.0,)), tmp_path))
    assert [ranking.losses[index] for index in ranking.order] == ["msc", "asl", "bce", "focal"]
    assert ranking.ranks[ranking.losses.index("msc")] == 1
    assert (ranking.low <= ranking.ranks).all()
    assert (ranking.ranks <= ranking.high).all()


def test_the_gap_to_the_best_is_that_of_means_over_families(tmp_path: Path) -> None:
    blocks = blocks_of(World(fractions=(1.0,)), tmp_path)
    ranking = rank_losses(blocks)
    means = blocks.scores.mean(0)
    place = ranking.losses.index(ranking.best)
    assert ranking.gap == pytest.approx(means[place] - means)
    assert (ranking.gap_low <= ranking.gap).all()
    assert (ranking.gap <= ranking.gap_high).all()
    assert ranking.gap_low[place] == ranking.gap_high[place] == 0


def test_ranking_is_the_same_each_time(tmp_path: Path) -> None:
    blocks = blocks_of(World(fractions=(1.0,)), tmp_path)
    assert (rank_losses(blocks).low == rank_losses(blocks).low).all()


def test_fast_ranks_are_those_of_scipy() -> None:
    random = np.random.default_rng(0)
    for scores in (random.normal(size=(50, 7)), random.integers(0, 4, size=(50, 7)).astype(float)):
        assert (_fast_ranks(scores) == rankdata(-scores, axis=-1)).all()


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """Two losses of equal skill on 12 families: their true average rank is 1.5."""
    random, held, trials = np.random.default_rng(0), 0, 150
    for trial in range(trials):
        scores = tuple(random.normal(size=(2, 3)) for _ in range(12))
        names = tuple(map(str, range(12)))
        blocks = Blocks(measure("map"), ("a", "b"), names, names, tuple(range(12)), scores, (), ())
        ranking = rank_losses(blocks, replicates=300, seed=trial)
        held += ranking.low[0] <= 1.5 <= ranking.high[0]
    assert held / trials >= 0.9
