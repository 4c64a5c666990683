"""The Bayesian signed-rank test: posterior means in closed form against draws, naive and the authors'."""

from __future__ import annotations

import numpy as np
import pytest

from mlbench.report.statistics.bayes import signed_rank
from tests.report.statistics.benavoli import ACCURACY
from tests.report.statistics.demsar import AUC


def drawn(differences: np.ndarray, rope: float, draws: int = 4000) -> np.ndarray:
    """[draws, 3]: the probabilities of worse, equal, better, by loops over pairs of blocks."""
    random = np.random.default_rng(1)
    z = [*differences, 0.0]
    found = np.zeros((draws, 3))
    masks = [
        np.array([[w(a + b) for b in z] for a in z])
        for w in (
            lambda s: 1.0 * (s < -2 * rope) + 0.5 * (s == -2 * rope),
            lambda s: 1.0 * (abs(s) < 2 * rope) + 0.5 * (abs(s) == 2 * rope),
            lambda s: 1.0 * (s > 2 * rope) + 0.5 * (s == 2 * rope),
        )
    ]
    for draw in range(draws):
        w = random.dirichlet([1.0] * len(differences) + [0.6])
        found[draw] = [w @ mask @ w for mask in masks]
    return found


@pytest.mark.parametrize(
    ("differences", "printed"),
    [
        (ACCURACY[:, 2] - ACCURACY[:, 0], (0.23014, 0.00674, 0.76312)),
        (ACCURACY[:, 1] - ACCURACY[:, 0], (0.0, 0.12244, 0.87756)),
    ],
    ids=["naive Bayes and J48", "naive Bayes and AODE"],
)
def test_the_worked_examples_of_benavoli(differences: np.ndarray, printed: tuple[float, ...]) -> None:
    """Within ±1 percent point. What the authors print is the share of draws in which each is the largest."""
    found = drawn(differences, 1.0)
    ours = signed_rank(differences, rope=1.0)
    assert (ours.worse, ours.equal, ours.better) == pytest.approx(tuple(found.mean(0)), abs=0.005)
    largest = np.bincount(found.argmax(1), minlength=3) / len(found)
    assert tuple(largest) == pytest.approx(printed, abs=0.02)


@pytest.mark.parametrize(("left", "right", "rope"), [(0, 1, 0.01), (0, 3, 0.01), (2, 3, 0.02), (0, 2, 0.001)])
def test_equals_the_mean_of_the_draws_of_the_authors_package(left: int, right: int, rope: float) -> None:
    baycomp = pytest.importorskip("baycomp")
    ours = signed_rank(AUC[:, right] - AUC[:, left], rope=rope)
    theirs = baycomp.SignedRankTest.sample(
        AUC[:, left], AUC[:, right], rope=rope, prior=0.6, nsamples=20_000, random_state=0
    )
    assert (ours.worse, ours.equal, ours.better) == pytest.approx(tuple(theirs.mean(0)), abs=0.005)


def test_a_mean_probability_is_no_share_of_draws() -> None:
    """Each block's word counts by its weight: 8 of 10 blocks better is not "better" for sure."""
    differences = np.repeat([0.1, -0.1], [8, 2])
    found = drawn(differences, 0.01)
    ours = signed_rank(differences, rope=0.01)
    assert (found.argmax(1) == 2).mean() > 0.85
    assert ours.better == pytest.approx(found[:, 2].mean(), abs=0.01)
    assert ours.better < 0.7


def test_its_three_answers_are_symmetric_and_sum_to_one() -> None:
    differences = AUC[:, 3] - AUC[:, 0]
    here, there = signed_rank(differences, rope=0.01), signed_rank(-differences, rope=0.01)
    assert here.worse + here.equal + here.better == pytest.approx(1)
    assert here.better == pytest.approx(there.worse)
    assert signed_rank(np.full(10, 0.001), rope=0.01).equal == 1
    assert signed_rank(np.full(30, 0.1), rope=0.01).better > 0.95
    assert signed_rank(np.array([]), rope=0.01).equal == 1
