"""The decision metrics against scikit-learn under every policy."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics as sk
import torch
from hypothesis import given, settings
from numpy.typing import NDArray

from mlbench.metrics import evaluate
from mlbench.metrics.views import decisions
from mlbench.metrics.views.decisions import Decisions, top
from tests.metrics.cases import Case, cases, make_case

pytestmark = pytest.mark.filterwarnings("ignore:A single label was found")
TOLERANCE = {"rel": 1e-10, "abs": 1e-10}


def expected_metrics(y: NDArray[np.uint8], p: NDArray[np.bool_]) -> dict[str, float]:
    """What scikit-learn says of targets [N, L] and predictions [N, L]."""
    found = {"hamming_loss": float((y != p).mean()), "subset_accuracy": float((y == p).all(1).mean())}
    present = y.any(0)
    y, p = np.c_[y, 0 * y[:, :1]], np.c_[p, 0 * p[:, :1]]  # one more label: scikit-learn refuses one alone
    averages = {"micro": None, "samples": None} | (
        {"macro": np.flatnonzero(present)} if present.any() else {}
    )
    for average, labels in averages.items():
        scores = sk.precision_recall_fscore_support(y, p, average=average, labels=labels, zero_division=0)
        for name, score in zip(("precision", "recall", "f1"), scores, strict=False):
            found[f"{name}_{average.removesuffix('s')}"] = float(score)
    if present.any():
        columns = [sk.matthews_corrcoef(y[:, l], p[:, l]) for l in averages["macro"]]
        found["mcc_macro"] = float(np.mean(columns))
        both = found["precision_macro"] + found["recall_macro"]
        found["cf1"] = 2 * found["precision_macro"] * found["recall_macro"] / both if both else 0.0
    return found


@given(cases())
@settings(deadline=None, max_examples=60)
def test_decisions_at_the_origin_equal_scikit_learn(case: Case) -> None:
    found = evaluate(case.scored, case.scored, threshold=-1.0)["test"]
    for policy, threshold in (("0.5", 0.0), ("native", -1.0)):
        expected = expected_metrics(case.targets, case.scores > threshold)
        assert {name: found[f"{name}@{policy}"] for name in expected} == pytest.approx(expected, **TOLERANCE)


@given(cases(unscored=True))
@settings(deadline=None, max_examples=60)
def test_the_three_highest_labels_are_predicted_first_labels_first(case: Case) -> None:
    expected = np.zeros(case.scores.shape, dtype=bool)
    for row, (scores, targets) in enumerate(zip(case.scores, case.targets, strict=True)):
        order = [l for l in np.argsort(-scores, kind="stable") if targets[l] != 255]
        expected[row, order[:3]] = True
    predicted, true = zip(*Decisions(case.scored, top(3)).predictions(), strict=True)
    np.testing.assert_array_equal(torch.cat(predicted).numpy(), expected)
    np.testing.assert_array_equal(torch.cat(true).numpy(), case.targets == 1)
    if not (case.targets == 255).any():
        found = evaluate(case.scored, case.scored, threshold=None)["test"]
        numbers = expected_metrics(case.targets, expected)
        assert {name: found[f"{name}@top3"] for name in numbers} == pytest.approx(numbers, **TOLERANCE)


def test_counts_are_the_same_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    case = make_case(57, 5, seed=0)
    whole = evaluate(case.scored, case.scored, threshold=0.0)
    monkeypatch.setattr(decisions, "CHUNK", 20)
    assert evaluate(case.scored, case.scored, threshold=0.0) == whole


@given(cases(unscored=True))
@settings(deadline=None, max_examples=60)
def test_entries_that_are_not_scored_are_not_decided(case: Case) -> None:
    found = evaluate(case.scored, case.scored, threshold=None)["test"]
    kept = case.targets != 255
    p = case.scores > 0
    rows = [(case.targets[i, m], p[i, m]) for i, m in enumerate(kept) if m.any()]
    if not rows:
        assert not any("_sample" in key for key in found)
        return
    y, p = case.targets[kept], p[kept]
    expected = {"hamming_loss": float((y != p).mean()), "f1_micro": naive_f1(y, p)}
    expected["subset_accuracy"] = float(np.mean([(a == b).all() for a, b in rows]))
    expected["f1_sample"] = float(np.mean([naive_f1(a, b) for a, b in rows]))
    columns = [(case.targets[m, l], case.scores[m, l] > 0) for l, m in enumerate(kept.T)]
    present = [naive_f1(a, b) for a, b in columns if a.any()]
    if present:
        expected["f1_macro"] = float(np.mean(present))
    assert {name: found[f"{name}@0.5"] for name in expected} == pytest.approx(expected, **TOLERANCE)


def naive_f1(y: NDArray[np.uint8], p: NDArray[np.bool_]) -> float:
    return float(2 * (y * p).sum() / max(y.sum() + p.sum(), 1))
