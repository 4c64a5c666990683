"""The decision metrics against scikit-learn under every policy."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from numpy.typing import NDArray

from mlbench.metrics import evaluate
from tests.metrics.cases import Case, cases

TOLERANCE = {"rel": 1e-10, "abs": 1e-10}


def expected_metrics(y: NDArray[np.uint8], p: NDArray[np.bool_]) -> dict[str, float]:
    """What scikit-learn says of targets [N, L] and predictions [N, L]."""
    found = {"hamming_loss": float((y != p).mean()), "subset_accuracy": float((y == p).all(1).mean())}
    functions = {"f1": sk.f1_score, "precision": sk.precision_score, "recall": sk.recall_score}
    present = y.any(0)
    for name, function in functions.items():
        found[f"{name}_micro"] = function(y.ravel(), p.ravel(), zero_division=0)
        rows = [function(a, b, zero_division=0) for a, b in zip(y, p, strict=True)]
        found[f"{name}_sample"] = float(np.mean(rows))
        if present.any():
            columns = [function(y[:, l], p[:, l], zero_division=0) for l in np.flatnonzero(present)]
            found[f"{name}_macro"] = float(np.mean(columns))
    return found


@given(cases())
@settings(deadline=None, max_examples=40)
def test_decisions_at_the_origin_equal_scikit_learn(case: Case) -> None:
    found = evaluate(case.scored, case.scored, threshold=-1.0)["test"]
    for policy, threshold in (("0.5", 0.0), ("native", -1.0)):
        expected = expected_metrics(case.targets, case.scores > threshold)
        assert {name: found[f"{name}@{policy}"] for name in expected} == pytest.approx(expected, **TOLERANCE)


def test_scikit_learn_means_the_same_by_its_averages() -> None:
    rng = np.random.default_rng(0)
    y, p = (rng.random((2, 50, 6)) < 0.4).astype(np.uint8)
    expected = expected_metrics(y, p.astype(bool))
    for average in ("micro", "macro"):
        assert expected[f"f1_{average}"] == pytest.approx(sk.f1_score(y, p, average=average))
    assert expected["f1_sample"] == pytest.approx(sk.f1_score(y, p, average="samples", zero_division=0))
    assert expected["hamming_loss"] == pytest.approx(sk.hamming_loss(y, p))
    assert expected["subset_accuracy"] == pytest.approx(sk.accuracy_score(y, p))


@given(cases(unscored=True))
@settings(deadline=None, max_examples=60)
def test_entries_that_are_not_scored_are_not_decided(case: Case) -> None:
    found = evaluate(case.scored, case.scored, threshold=None)["test"]
    kept = case.targets != 255
    p = case.scores > 0
    rows = [(case.targets[i, m], p[i, m]) for i, m in enumerate(kept) if m.any()]
    columns = [(case.targets[m, l], p[m, l]) for l, m in enumerate(kept.T)]
    if not rows:
        return
    flat = expected_metrics(case.targets[kept][None], p[kept][None])
    expected = {name: flat[name] for name in ("f1_micro", "precision_micro", "hamming_loss")}
    expected["subset_accuracy"] = float(np.mean([(a == b).all() for a, b in rows]))
    expected["f1_sample"] = float(np.mean([sk.f1_score(a, b, zero_division=0) for a, b in rows]))
    present = [(a, b) for a, b in columns if a.any()]
    if present:
        expected["recall_macro"] = float(np.mean([sk.recall_score(a, b) for a, b in present]))
    assert {name: found[f"{name}@0.5"] for name in expected} == pytest.approx(expected, **TOLERANCE)
