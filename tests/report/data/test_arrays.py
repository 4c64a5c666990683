"""What is equal ties: sums of the same scores differ in their last digits, and no rank may hang on these."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlbench.report import compare
from mlbench.report.data.arrays import mean_of, nanmean, settled
from mlbench.report.figures.jobs import styles_of
from mlbench.report.page.board import board
from mlbench.report.recommendation.advice import advise
from mlbench.report.tables.collect import scores_of
from mlbench.report.text.answer import answer
from tests.report.exact import VIEW, exact, write_exact

TWINS = {"asl": [0.7, 0.8, 0.9], "bce": [0.9, 0.7, 0.8]}
"""Their means differ by 1e-16."""


def twins(datasets: int) -> dict[str, np.ndarray]:
    """The twins on so many data sets."""
    return {loss: np.tile(scores, (datasets, 1)) for loss, scores in TWINS.items()}


def test_the_means_of_the_twins_differ_before_they_are_settled() -> None:
    first, second = (np.mean(scores) for scores in TWINS.values())
    assert first != second
    assert settled(first) == settled(second)


@pytest.mark.parametrize("size", [1e-6, 0.3, 1.0, 480.0, 7e5])
def test_numbers_settle_to_twelve_digits(size: float) -> None:
    near, apart = size * (1 + 1e-15), size + 2e-11 * max(size, 1)
    assert settled(near) == settled(size)
    assert settled(apart) != settled(size)
    assert settled(size) == pytest.approx(size, rel=1e-12, abs=1e-12)
    assert np.isnan(settled(np.nan))
    assert settled(np.inf) == np.inf
    assert (settled([-size, size]) == [-settled(size), settled(size)]).all()


def test_a_mean_is_the_same_in_every_order() -> None:
    random = np.random.default_rng(0)
    values = random.uniform(size=(2000, 7))
    mixed = random.permuted(values, axis=1)
    assert (values.mean(1) != mixed.mean(1)).any()
    assert (mean_of(values, 1) == mean_of(mixed, 1)).all()
    assert (nanmean(values, 1) == nanmean(mixed, 1)).all()


def test_twins_tie_on_eleven_families(tmp_path: Path) -> None:
    analysis = exact(tmp_path, twins(11))
    ranking, (pair,) = analysis.ranking(VIEW), analysis.pairs(VIEW)
    assert ranking is not None
    assert ranking.ranks.tolist() == [1.5, 1.5]
    assert ranking.first.tolist() == [5.5, 5.5]
    assert ranking.gap.tolist() == [0, 0]
    assert (pair.wins, pair.ties, pair.defeats) == (0, 11, 0)
    found = pair.differences
    assert (found.mean, found.median, found.low, found.high, found.carriers) == (0, 0, 0, 0, ())
    assert (pair.effect, pair.p, pair.p_holm) == (0, 1, 1)
    judged = analysis.region(VIEW).judge(analysis.blocks(VIEW).differences("asl", "bce"))  # type: ignore[union-attr]
    assert (judged.word, judged.interval.mean) == ("equal", 0)
    assert answer(analysis, VIEW)[0] == "asl and bce are level"
    assert [row.rank for row in board(analysis, VIEW, styles_of(analysis))] == ["1.50", "1.50"]


@pytest.mark.parametrize("replicates", [0, 0.01])
def test_twins_are_both_bold(replicates: float, tmp_path: Path) -> None:
    analysis = exact(tmp_path, twins(2), replicates=replicates)
    for row in scores_of(analysis, VIEW).rows[:2]:
        assert [(entry.best, entry.near_best) for entry in row.entries[3:]] == [(True, False)] * 2


def test_twins_are_level_in_a_comparison(tmp_path: Path) -> None:
    found = compare("asl", "bce", results=write_exact(tmp_path, twins(6)))
    assert {duel.difference.mean for duel in found.duels} == {0}
    assert found.differences.mean == 0
    assert "the two are practically equal" in found.verdict


@pytest.mark.parametrize("count", [1, 2, 5, 8])
@pytest.mark.parametrize("one_family", [False, True])
def test_one_and_the_same_loss_ties_whatever_it_is_compared_on(
    count: int, one_family: bool, tmp_path: Path
) -> None:
    """Any number of families, of tasks in a family, and of copies."""
    random = np.random.default_rng(count)
    scores = random.uniform(0.2, 0.9, size=(count, 3))
    families = {f"set-{number}": "all" for number in range(count)} if one_family else {}
    copies = {f"loss-{number}": np.roll(scores, number, axis=1) for number in range(count + 1)}
    ranking = exact(tmp_path, copies, families=families).ranking(VIEW)
    assert ranking is not None
    assert set(ranking.ranks) == {(count + 2) / 2}
    assert set(ranking.gap) == {0}


def test_advice_counts_what_is_level_as_level() -> None:
    scores = np.array([[0.7, 0.8, 0.9], [0.9, 0.7, 0.8], [0.79, 0.79, 0.79]])
    advice = advise(scores, np.zeros(3), ["all"] * 3, range(3))
    assert [rank for _, rank, _ in advice] == [1.5, 1.5, 3]
    assert [close for _, _, close in advice] == [1, 1, 1], "0.80 − 0.79 is within 0.01"


def test_twins_that_lead_are_first_and_the_others_near_them_are_named(tmp_path: Path) -> None:
    for datasets in (1, 7):
        leading = twins(datasets) | {
            "focal": np.full((datasets, 3), 0.1),
            "near": [[0.7, 0.81, 0.9]] * datasets,
        }
        leading["near"] = np.asarray(leading["near"]) - 0.004
        lines = answer(exact(tmp_path / str(datasets), leading), VIEW)
        assert lines[0].startswith("asl and bce are level in first place"), lines[0]
        assert lines[2] == f"asl and bce have the same {'score on every family' if datasets > 1 else 'mean'}."
        assert not any("comes next" in line or "level to level" in line for line in lines)
