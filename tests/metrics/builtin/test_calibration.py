"""The calibration metrics against scikit-learn and torchmetrics."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics as sk
import torch
from hypothesis import given, settings
from torchmetrics.functional.classification import binary_calibration_error

from mlbench.metrics import evaluate
from mlbench.metrics.views import probabilities
from tests.metrics.cases import Case, cases, make_case

TOLERANCE = {"rel": 1e-10, "abs": 1e-10}


@given(cases(unscored=True))
@settings(deadline=None, max_examples=60)
def test_calibration_equals_scikit_learn_and_torchmetrics(case: Case) -> None:
    found = evaluate(case.scored, case.scored, threshold=None)["test"]
    briers, surprises, errors = [], [], []
    for l, m in enumerate((case.targets != 255).T):
        y, p = case.targets[m, l], 1 / (1 + np.exp(-case.scores[m, l].astype(np.float64)))
        if y.any():
            briers.append(sk.brier_score_loss(y, p, pos_label=1))
            surprises.append(sk.log_loss(y, p, labels=[0, 1]))
            given = torch.from_numpy(p), torch.from_numpy(y).long()
            errors.append(float(binary_calibration_error(*given, n_bins=15, norm="l1")))
    if briers:
        assert found["brier"] == pytest.approx(np.mean(briers), **TOLERANCE)
        assert found["log_loss"] == pytest.approx(np.mean(surprises), **TOLERANCE)
        assert found["ece"] == pytest.approx(np.mean(errors), **TOLERANCE)
    else:
        assert {"brier", "log_loss", "ece"}.isdisjoint(found)


def test_extreme_logits_have_finite_numbers() -> None:
    targets = np.array([[1], [0], [1], [0]], dtype=np.uint8)
    right = np.array([[1e4], [-1e4], [1e4], [-1e4]], dtype=np.float32)
    found = evaluate(Case(right, targets).scored, Case(-right, targets).scored, threshold=None)
    assert found["validation"]["log_loss"] == found["validation"]["ece"] == 0
    assert found["test"]["log_loss"] == 1e4
    assert found["test"]["brier"] == found["test"]["ece"] == 1


def test_sums_are_the_same_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    case = make_case(57, 5, seed=0, unscored=0.1)
    whole = evaluate(case.scored, case.scored, threshold=None)["test"]
    monkeypatch.setattr(probabilities, "CHUNK", 20)
    chunked = evaluate(case.scored, case.scored, threshold=None)["test"]
    for name in ("ece", "brier", "log_loss"):
        assert chunked[name] == pytest.approx(whole[name], rel=1e-11)
