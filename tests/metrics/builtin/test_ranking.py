"""The ranking metrics against scikit-learn, and against loops where it has no counterpart."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Iterator

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from numpy.typing import NDArray

from mlbench.metrics import evaluate, mean_average_precision, sorting
from tests.metrics.cases import Case, cases, make_case

TOLERANCE = {"rel": 1e-10, "abs": 1e-10}


def measure(case: Case) -> dict[str, float]:
    return evaluate(case.scored, case.scored, threshold=0.0)["test"]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sk._ranking.UndefinedMetricWarning)
        yield


@given(cases())
@settings(deadline=None, max_examples=80)
def test_rankings_of_labels_equal_scikit_learn(case: Case) -> None:
    found = measure(case)
    y, s = case.targets, case.scores
    present = y.any(0)
    mixed = present & ~y.all(0)
    assert found["labels_counted"] == present.sum()
    if present.any():
        expected = sk.average_precision_score(y[:, present], s[:, present])
        assert found["map"] == pytest.approx(expected, **TOLERANCE)
        pooled = sk.average_precision_score(y.ravel(), s.ravel())
        assert found["ap_micro"] == pytest.approx(pooled, **TOLERANCE)
    else:
        assert {"map", "ap_micro"}.isdisjoint(found)
    if mixed.any():
        per_label = [sk.roc_auc_score(y[:, l], s[:, l]) for l in np.flatnonzero(mixed)]
        assert found["auroc_macro"] == pytest.approx(np.mean(per_label), **TOLERANCE)
    else:
        assert "auroc_macro" not in found
    if 0 < y.sum() < y.size:
        assert found["auroc_micro"] == pytest.approx(sk.roc_auc_score(y.ravel(), s.ravel()), **TOLERANCE)
    else:
        assert "auroc_micro" not in found


@given(cases())
@settings(deadline=None, max_examples=80)
def test_rankings_of_samples_equal_scikit_learn(case: Case) -> None:
    found = measure(case)
    y, s = case.targets, case.scores.astype(np.float64)  # newer scipy ranks float32 in float32
    if y.shape[1] == 1:
        y, s = np.c_[y, 0 * y], np.c_[s, np.full_like(s, -1e30)]  # scikit-learn refuses one label
        expected = {"lrap": sk.label_ranking_average_precision_score(y, s)}
    else:
        expected = {
            "lrap": sk.label_ranking_average_precision_score(y, s),
            "ranking_loss": sk.label_ranking_loss(y, s),
            "coverage_error": sk.coverage_error(y, s),
        } | {f"ndcg_at_{k}": sk.ndcg_score(y, s, k=k) for k in (1, 3, 5)}
    assert {name: found[name] for name in expected} == pytest.approx(expected, **TOLERANCE)


@given(cases(unscored=True))
@settings(deadline=None, max_examples=60)
def test_entries_that_are_not_scored_are_left_out(case: Case) -> None:
    found = measure(case)
    kept = case.targets != 255
    columns = [(case.targets[m, l], case.scores[m, l]) for l, m in enumerate(kept.T)]
    rows = [(case.targets[i, m], case.scores[i, m]) for i, m in enumerate(kept) if m.any()]
    precisions = [sk.average_precision_score(y, s) for y, s in columns if y.any()]
    areas = [sk.roc_auc_score(y, s) for y, s in columns if 0 < y.sum() < len(y)]
    expected = {"labels_counted": float(len(precisions))}
    if precisions:
        expected["map"] = np.mean(precisions)
        expected["ap_micro"] = sk.average_precision_score(case.targets[kept], case.scores[kept])
    if areas:
        expected["auroc_macro"] = np.mean(areas)
    if rows:
        expected["ranking_loss"] = np.mean([naive_ranking_loss(y, s) for y, s in rows])
        expected["coverage_error"] = np.mean([naive_coverage(y, s) for y, s in rows])
        expected["one_error"] = 1 - np.mean([naive_precision_at(y, s, 1) for y, s in rows])
        for k in (1, 3, 5):
            expected[f"precision_at_{k}"] = np.mean([naive_precision_at(y, s, k) for y, s in rows])
    assert {name: found[name] for name in expected} == pytest.approx(expected, **TOLERANCE)


def naive_ranking_loss(y: NDArray[np.uint8], s: NDArray[np.float32]) -> float:
    pairs = list(itertools.product(s[y == 1], s[y == 0]))
    return sum(negative >= positive for positive, negative in pairs) / max(len(pairs), 1)


def naive_coverage(y: NDArray[np.uint8], s: NDArray[np.float32]) -> int:
    return int((s >= s[y == 1].min()).sum()) if y.any() else 0


def naive_precision_at(y: NDArray[np.uint8], s: NDArray[np.float32], k: int) -> float:
    return naive_in_top(y, s, np.ones(len(y)), k) / min(k, len(y))


@given(cases())
@settings(deadline=None, max_examples=60)
def test_the_first_k_against_loops(case: Case) -> None:
    found = measure(case)
    y, s = case.targets, case.scores
    counts, size = y.sum(0).astype(float), 40
    chance = 1 / (1 + (math.log(size) - 1) * 2.5**0.55 * (counts + 1.5) ** -0.55)
    with_counts = evaluate(case.scored, case.scored, threshold=None, train_counts=counts, train_size=size)[
        "test"
    ]
    for k in (1, 3, 5):
        hits = [naive_in_top(a, b, np.ones(len(a)), k) for a, b in zip(y, s, strict=True)]
        shown = min(k, y.shape[1])
        assert found[f"precision_at_{k}"] == pytest.approx(np.mean(hits) / shown, **TOLERANCE)
        labelled = [hit / a.sum() for hit, a in zip(hits, y, strict=True) if a.any()]
        assert found.get(f"recall_at_{k}", 0) == pytest.approx(np.mean(labelled or [0]), **TOLERANCE)
        reached = sum(naive_in_top(a, b, 1 / chance, k) for a, b in zip(y, s, strict=True))
        best = sum(np.sort(a / chance)[::-1][:k].sum() for a in y)
        assert f"psp_at_{k}" not in found
        if best:
            assert with_counts[f"psp_at_{k}"] == pytest.approx(reached / best, **TOLERANCE)
        else:
            assert f"psp_at_{k}" not in with_counts


def naive_in_top(y: NDArray[np.uint8], s: NDArray[np.float32], gain: NDArray[np.float64], k: int) -> float:
    """The gain of the positives among the first k, in expectation over random orders of equal scores."""
    left, found = min(k, len(y)), 0.0
    for value in np.unique(s)[::-1]:
        group = s == value
        taken = min(int(group.sum()), left)
        found += float((y * gain)[group].mean()) * taken
        left -= taken
    return found


def test_precision_at_k_of_equal_scores_is_the_mean_over_all_orders() -> None:
    y = np.array([1, 0, 1, 0, 0], dtype=np.uint8)
    s = np.array([2, 1, 1, 1, 0], dtype=np.float32)
    orders = [order for order in itertools.permutations(range(5)) if (np.diff(s[list(order)]) <= 0).all()]
    mean = np.mean([y[list(order[:3])].sum() / 3 for order in orders])
    found = measure(Case(s[None], y[None]))
    assert found["precision_at_3"] == pytest.approx(mean) == naive_precision_at(y, s, 3)


def test_long_lists_are_ranked_in_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    case = make_case(101, 7, seed=0, levels=40)
    whole = measure(case)
    monkeypatch.setattr(sorting, "RUN", 50)
    assert measure(case) == whole


def test_large_splits_are_sorted_by_several_threads() -> None:
    case = make_case(9000, 40, seed=1, levels=60, density=0.05)
    found = measure(case)
    assert found["map"] == pytest.approx(sk.average_precision_score(case.targets, case.scores), **TOLERANCE)
    assert found["lrap"] == pytest.approx(
        sk.label_ranking_average_precision_score(case.targets, case.scores.astype(np.float64)), **TOLERANCE
    )


def test_both_zeros_are_one_score() -> None:
    scores = np.array([[0.0], [-0.0], [1.0], [-1.0]], dtype=np.float32)
    targets = np.array([[1], [0], [0], [1]], dtype=np.uint8)
    found = measure(Case(scores, targets))
    assert found["map"] == pytest.approx(sk.average_precision_score(targets, scores))
    assert found["auroc_macro"] == pytest.approx(sk.roc_auc_score(targets, scores))


@given(cases(), cases(unscored=True))
@settings(deadline=None, max_examples=25)
def test_mean_average_precision_is_map_and_takes_settings_at_once(plain: Case, partial: Case) -> None:
    for case in (plain, partial):
        several = np.stack([case.scores, -case.scores, np.roll(case.scores, 1, 0)])
        found = mean_average_precision(several, case.targets)
        assert found.shape == (3,)
        for scores, value in zip(several, found.tolist(), strict=True):
            assert value == pytest.approx(
                measure(Case(scores, case.targets)).get("map", math.nan), **TOLERANCE, nan_ok=True
            )
