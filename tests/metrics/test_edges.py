"""The edges that the package's docstring defines, each at its place."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mlbench.metrics import evaluate
from tests.metrics.cases import Case, make_case


def measure(scores: object, targets: object) -> dict[str, float]:
    case = Case(np.asarray(scores, dtype=np.float32), np.asarray(targets, dtype=np.uint8))
    counts = np.ones(case.targets.shape[1])
    return evaluate(
        case.scored, case.scored, threshold=0.0, train_counts=counts, seen_counts=counts, train_size=9
    )["test"]


def test_a_split_without_positives() -> None:
    found = measure([[1, -1], [2, -2]], [[0, 0], [0, 0]])
    assert found["labels_counted"] == 0
    by_label = {"map", "auroc_macro", "f1_macro@label", "mcc_macro@0.5", "ece", "brier", "log_loss"}
    assert by_label.isdisjoint(found)
    assert {"ap_micro", "auroc_micro", "recall_at_1", "psp_at_1"}.isdisjoint(found)
    assert found["lrap"] == found["one_error"] == 1
    assert found["ranking_loss"] == found["coverage_error"] == found["ndcg_at_3"] == 0
    assert found["f1_micro@global"] == found["f1_micro@0.5"] == found["f1_micro@oracle"] == 0
    assert found["hamming_loss@oracle"] == 0
    assert found["subset_accuracy@oracle"] == 1
    assert found["hamming_loss@0.5"] == found["hamming_loss@global"] == found["hamming_loss@label"] == 0.5


def test_a_split_all_positive() -> None:
    found = measure([[1, -1], [2, -2], [3, -3]], np.ones((3, 2)))
    assert found["map"] == found["ap_micro"] == found["lrap"] == 1
    assert {"auroc_macro", "auroc_micro"}.isdisjoint(found)
    assert found["ranking_loss"] == 0
    assert found["coverage_error"] == 2
    for policy in ("global", "label", "oracle"):
        assert found[f"f1_macro@{policy}"] == found[f"subset_accuracy@{policy}"] == 1
    assert found["f1_macro@0.5"] == 0.5
    assert found["mcc_macro@0.5"] == 0


def test_no_label_predicted() -> None:
    found = measure([[-1, -2], [-3, -4]], [[1, 0], [0, 1]])
    for name in ("f1", "precision", "recall"):
        assert all(found[f"{name}_{mean}@0.5"] == 0 for mean in ("micro", "macro", "sample"))
    assert found["cf1@0.5"] == found["mcc_macro@0.5"] == 0
    assert found["hamming_loss@0.5"] == 0.5


def test_one_label() -> None:
    found = measure([[2], [1], [0], [-1]], [[1], [0], [1], [0]])
    assert found["map"] == found["ap_micro"] == pytest.approx((1 + 2 / 3) / 2)
    assert found["lrap"] == 1
    assert found["ranking_loss"] == 0
    assert found["precision_at_5"] == 0.5
    assert found["f1_sample@top3"] == 0.5


def test_constant_scores() -> None:
    targets = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 0], [1, 0, 1]])
    found = measure(np.zeros((4, 3)), targets)
    assert found["map"] == pytest.approx(np.mean([3 / 4, 1 / 4, 1 / 4]))
    assert found["ap_micro"] == pytest.approx(5 / 12)
    assert found["auroc_macro"] == found["auroc_micro"] == 0.5
    assert found["lrap"] == pytest.approx(np.mean([1 / 3, 2 / 3, 1, 2 / 3]))
    assert found["precision_at_1"] == found["precision_at_3"] == pytest.approx(5 / 12)
    assert found["recall_at_1"] == pytest.approx(1 / 3)
    assert found["f1_micro@0.5"] == 0  # a logit of 0 is not above 0
    assert found["recall_micro@global"] == 1
    assert found["brier"] == 0.25
    assert found["log_loss"] == pytest.approx(math.log(2))


def test_samples_without_labels() -> None:
    found = measure([[2, 1], [3, 4]], [[1, 0], [0, 0]])
    assert found["precision_at_1"] == found["ndcg_at_1"] == found["one_error"] == 0.5
    assert found["recall_at_1"] == found["lrap"] == 1
    assert found["f1_sample@0.5"] == pytest.approx(1 / 3)


def test_a_sample_of_which_nothing_is_scored_counts_nowhere() -> None:
    case = make_case(40, 5, seed=0)
    more = Case(np.r_[case.scores, case.scores[:7]], np.r_[case.targets, np.full((7, 5), 255, np.uint8)])
    assert measure(*more) == measure(*case)


def test_an_entry_that_is_not_scored_may_hold_any_number() -> None:
    case = make_case(40, 5, seed=0, unscored=0.3)
    other = np.where(case.targets == 255, np.float32(77), case.scores)
    assert measure(other, case.targets) == measure(*case)


def test_order_of_samples_and_labels_does_not_matter() -> None:
    case = make_case(80, 9, seed=1, levels=12, unscored=0.1)
    rng = np.random.default_rng(0)
    rows, columns = rng.permutation(80), rng.permutation(9)
    shuffled = measure(case.scores[rows][:, columns], case.targets[rows][:, columns])
    expected = measure(*case)
    kept = [key for key in expected if "/" not in key and "@top3" not in key]  # both go by the labels' order
    assert {key: shuffled[key] for key in kept} == pytest.approx(
        {key: expected[key] for key in kept}, rel=1e-12
    )
