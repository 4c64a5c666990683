"""Within one dataset: the level is what it says (A against A), and real differences are found."""

from __future__ import annotations

import numpy as np
import pytest

from mlbench.report.statistics.within import within_dataset


def one_task(
    random: np.random.Generator, skills: list[float], seeds: int, rows_sd: float, draws: int = 100
) -> tuple[np.ndarray, np.ndarray]:
    """Scores [losses, seeds] and replicates: each loss has its own error from the test rows and the seeds."""
    losses = len(skills)
    rows = random.normal(size=losses) * rows_sd
    scores = np.array(skills)[:, None] + rows[:, None] + 0.01 * random.normal(size=(losses, seeds))
    noise = random.normal(size=(losses, 1, draws)) * rows_sd
    return scores, scores[:, :, None] + noise


@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("rows_sd", [0.0, 0.01, 0.05])
def test_one_loss_twice_differs_no_more_often_than_the_level(seeds: int, rows_sd: float) -> None:
    random, trials, apart = np.random.default_rng(7), 600, 0
    for _ in range(trials):
        scores, replicates = one_task(random, [0.5, 0.5], seeds, rows_sd)
        found = within_dataset(scores, replicates)
        assert found is not None
        apart += int(not found.near_best.all())
    assert apart / trials <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)


def test_six_times_the_same_loss_differs_no_more_often_than_the_level() -> None:
    """The best of six is picked by the same numbers, which Holm over all pairs makes up for."""
    random, trials, apart = np.random.default_rng(3), 400, 0
    for _ in range(trials):
        scores, replicates = one_task(random, [0.5] * 6, 3, 0.01)
        found = within_dataset(scores, replicates)
        assert found is not None
        apart += int(not found.near_best.all())
    assert apart / trials <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)


def test_a_clear_difference_is_found() -> None:
    scores, replicates = one_task(np.random.default_rng(0), [0.5, 0.6, 0.6], 3, 0.005)
    found = within_dataset(scores, replicates)
    assert found is not None
    assert not found.near_best[0]
    assert found.rows


def test_two_losses_far_behind_the_best_one_are_compared_with_each_other() -> None:
    scores, replicates = one_task(np.random.default_rng(0), [0.5, 0.5001, 0.9, 0.6], 3, 0.001)
    found = within_dataset(scores, replicates)
    assert found is not None
    assert not found.near_best[[0, 1, 3]].any()
    assert not found.differ(0, 1)
    assert found.differ(1, 3)
    assert found.differ(3, 1)
    assert (found.pairs == found.pairs.T).all()


def test_more_replicates_noise_makes_it_more_careful() -> None:
    random = np.random.default_rng(0)
    scores, _ = one_task(random, [0.5, 0.53], 3, 0.0)
    noise = random.normal(size=(2, 1, 100))
    sure = within_dataset(scores, scores[:, :, None] + 0.001 * noise)
    unsure = within_dataset(scores, scores[:, :, None] + 0.1 * noise)
    assert sure is not None
    assert unsure is not None
    assert sure.p[0] < unsure.p[0]


def test_missing_losses_and_seeds_are_left_out() -> None:
    scores = np.array([[0.5, 0.52, np.nan], [0.6, 0.61, 0.62], [np.nan] * 3])
    found = within_dataset(scores, None)
    assert found is not None
    assert found.best == 1
    assert np.isnan(found.p[2])
    assert not found.near_best[2]
    assert not found.rows


def test_one_seed_without_replicates_says_nothing() -> None:
    assert within_dataset(np.array([[0.5], [0.6]]), None) is None
    assert within_dataset(np.array([[0.5, 0.6]]), None) is None
    assert within_dataset(np.full((3, 2), np.nan), None) is None


def test_equal_scores_do_not_differ() -> None:
    found = within_dataset(np.full((3, 3), 0.5), None)
    assert found is not None
    assert found.near_best.all()


@pytest.mark.parametrize("seeds", [2, 3])
def test_seeds_that_agree_to_the_last_digit_prove_nothing(seeds: int) -> None:
    """Without a spread there is no p = 0: nothing is known of how the difference varies."""
    scores = np.repeat([[0.5], [0.6], [0.7]], seeds, axis=1)
    found = within_dataset(scores, None)
    assert found is not None
    assert found.p.tolist() == [1, 1, 1]
    assert found.near_best.all()
    assert np.isnan(found.difference(2, 0).low)
    assert found.difference(2, 0).mean == pytest.approx(0.2)
    shifted = within_dataset(scores + 0.1 * np.arange(seeds), None)
    assert shifted is not None
    assert shifted.p.tolist() == [1, 1, 1], (
        "all losses rise alike from seed to seed: no spread but that of rounding"
    )


def test_rows_alone_tell_where_the_seeds_do_not_vary() -> None:
    scores = np.repeat([[0.5], [0.6]], 2, axis=1)
    noise = 0.001 * np.random.default_rng(0).normal(size=(2, 2, 100))
    found = within_dataset(scores, scores[:, :, None] + noise)
    assert found is not None
    assert found.differ(0, 1)


def test_the_interval_is_of_one_comparison_with_the_spread_of_all() -> None:
    random = np.random.default_rng(0)
    scores, replicates = one_task(random, [0.5, 0.52, 0.53, 0.6], 3, 0.01)
    found = within_dataset(scores, replicates)
    assert found is not None
    difference = found.difference(3, 0)
    assert difference.mean == pytest.approx(scores[3].mean() - scores[0].mean())
    assert difference.low < difference.mean < difference.high
    turned = found.difference(0, 3)
    assert (turned.low, turned.high) == pytest.approx((-difference.high, -difference.low))
    half, holm_p = difference.high - difference.mean, found.pairs[3, 0]
    assert (abs(difference.mean) > half) or holm_p > 0.05, "what differs after Holm differs before"
    assert found.difference(1, 1).low == 0


@pytest.mark.slow
@pytest.mark.parametrize("losses", [2, 6])
@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_a_a_one_loss_many_times_within_a_dataset(losses: int, seeds: int) -> None:
    """A/A: a significant difference in no more than 5 % of draws, and the interval of one pair covers 0 in 95 %."""
    random, draws, apart, covered = np.random.default_rng(5), 2000, 0, 0
    for _ in range(draws):
        found = within_dataset(*one_task(random, [0.5] * losses, seeds, 0.01))
        assert found is not None
        apart += int(not found.near_best.all())
        one = found.difference(0, 1)
        covered += one.low <= 0 <= one.high
    print(
        f"\n{losses} times one loss, {seeds} seeds: different in {apart / draws:.1%}, covered in {covered / draws:.1%}"
    )
    assert apart / draws <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / draws)
    assert covered / draws >= 0.93
