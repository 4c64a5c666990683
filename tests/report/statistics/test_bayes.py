"""The Bayesian signed-rank test against its authors' package and a naive form of their formula."""

from __future__ import annotations

import numpy as np
import pytest

from mlbench.report.statistics.bayes import signed_rank
from tests.report.statistics.benavoli import ACCURACY
from tests.report.statistics.demsar import AUC


def test_the_worked_example_of_benavoli() -> None:
    """Naive Bayes against J48 within ±1 percent point, as the authors' documentation prints it."""
    ours = signed_rank(ACCURACY[:, 2] - ACCURACY[:, 0], rope=1, samples=50_000)
    assert (ours.worse, ours.equal, ours.better) == pytest.approx((0.23014, 0.00674, 0.76312), abs=0.008)


def test_the_tutorial_of_benavoli() -> None:
    """Naive Bayes against AODE, as the tutorial's notebook prints it, of a file of its own of the same study."""
    ours = signed_rank(ACCURACY[:, 1] - ACCURACY[:, 0], rope=1, samples=50_000)
    assert (ours.worse, ours.equal, ours.better) == pytest.approx((0.0, 0.12244, 0.87756), abs=0.012)


@pytest.mark.parametrize(("left", "right", "rope"), [(0, 1, 0.01), (0, 3, 0.01), (2, 3, 0.02), (0, 2, 0.001)])
def test_equals_the_package_of_the_authors(left: int, right: int, rope: float) -> None:
    baycomp = pytest.importorskip("baycomp")
    ours = signed_rank(AUC[:, right] - AUC[:, left], rope=rope, samples=40_000)
    theirs = baycomp.SignedRankTest.probs(
        AUC[:, left], AUC[:, right], rope=rope, prior=0.6, nsamples=20_000, random_state=0
    )
    assert (ours.worse, ours.equal, ours.better) == pytest.approx(theirs, abs=0.015)


def test_equals_a_naive_form() -> None:
    differences, rope = AUC[:, 3] - AUC[:, 0], 0.01
    random = np.random.default_rng(1)
    z = [*differences, 0.0]
    counts = np.zeros(3)
    for _ in range(2000):
        w = random.dirichlet([1.0] * len(differences) + [0.6])
        mass = np.zeros(3)
        for i in range(len(z)):
            for j in range(len(z)):
                total = z[i] + z[j]
                mass[0 if total < -2 * rope else 2 if total > 2 * rope else 1] += w[i] * w[j]
        counts[mass.argmax()] += 1
    ours = signed_rank(differences, rope=rope)
    assert (ours.worse, ours.equal, ours.better) == pytest.approx(counts / 2000, abs=0.04)


def test_its_three_answers_are_symmetric_and_sum_to_one() -> None:
    differences = AUC[:, 3] - AUC[:, 0]
    here, there = signed_rank(differences), signed_rank(-differences)
    assert here.worse + here.equal + here.better == pytest.approx(1)
    assert here.better == pytest.approx(there.worse, abs=0.02)
    assert signed_rank(np.full(10, 0.001)).equal > 0.99
    assert signed_rank(np.full(10, 0.1)).better > 0.99
