"""Results label by label, held to the metrics that the records have."""

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score

from mlbench.metrics.scored import Scored as Measured
from mlbench.metrics.thresholds import tune_global, tune_per_label
from mlbench.metrics.views.orders import Orders
from mlbench.report.one_dataset.kept_scores import CellScores, SplitScores
from mlbench.report.one_dataset.per_label import average_precision, confusions, per_label, thresholds
from mlbench.report.one_dataset.reliability import reliability


def _split(seed: int, rows: int = 60, labels: int = 6, *, unscored: bool = False) -> SplitScores:
    draw = np.random.default_rng(seed)
    positive = draw.random((rows, labels)) < np.linspace(0.02, 0.6, labels)
    # Rounded, so that scores are tied.
    logits = np.round(draw.normal(size=(rows, labels)) + 1.5 * positive, 1).astype(np.float32).astype(float)
    counted = draw.random((rows, labels)) > 0.2 if unscored else np.ones((rows, labels), bool)
    return SplitScores(logits, positive & counted, counted)


def _kept(seed: int = 0, *, unscored: bool = False) -> CellScores:
    names = tuple("abcdef")
    return CellScores(0, names, _split(seed, unscored=unscored), _split(seed + 1, unscored=unscored))


@pytest.mark.parametrize("unscored", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_thresholds_are_those_of_the_metrics(seed: int, unscored: bool) -> None:
    split = _split(seed, unscored=unscored)
    targets = np.where(split.counted, split.positive, 255).astype(np.uint8)
    orders = Orders(Measured(torch.tensor(split.logits, dtype=torch.float32), torch.tensor(targets)))
    wanted = tune_per_label(orders, tune_global(orders)).numpy()
    np.testing.assert_allclose(thresholds(split), wanted, atol=1e-6)


@pytest.mark.parametrize("unscored", [False, True])
def test_numbers_are_those_of_scikit_learn(unscored: bool) -> None:
    kept = _kept(unscored=unscored)
    found = per_label(kept)
    for label in range(6):
        counted = kept.test.counted[:, label]
        positive, scores = kept.test.positive[counted, label], kept.test.logits[counted, label]
        if not positive.any():
            assert np.isnan(found.average_precision[label])
            continue
        called = scores > found.thresholds[label]
        assert found.average_precision[label] == pytest.approx(average_precision_score(positive, scores))
        assert found.f1[label] == pytest.approx(f1_score(positive, called, zero_division=0))
        assert found.precision[label] == pytest.approx(precision_score(positive, called, zero_division=0))
        assert found.recall[label] == pytest.approx(recall_score(positive, called, zero_division=0))


def test_a_label_without_a_positive_has_no_average_precision() -> None:
    split = SplitScores(np.zeros((3, 1)), np.zeros((3, 1), bool), np.ones((3, 1), bool))
    assert np.isnan(average_precision(split)).all()
    assert thresholds(split).tolist() == [0.0]


def test_what_is_confused_is_counted_by_rows() -> None:
    logits = np.array([[-1.0, 1.0, -1.0], [-1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, -1.0, 1.0]])
    positive = np.array([[1, 0, 0], [1, 0, 0], [1, 0, 0], [0, 1, 0]], bool)
    test = SplitScores(logits, positive, np.ones_like(positive))
    first, second, third = confusions(CellScores(0, ("a", "b", "c"), test, test), np.zeros(3))
    assert (first.rows, first.missed, first.given) == (3, 2, 0)
    assert first.instead == (("b", 2), ("c", 1))
    assert second.really == (("a", 2),)
    assert third.really == (("a", 1), ("b", 1))


def test_reliability_is_of_all_scored_entries_and_its_error_is_weighted_by_them() -> None:
    kept = _kept(unscored=True)
    found = reliability([kept])
    stated = 1 / (1 + np.exp(-kept.test.logits[kept.test.counted]))
    assert found.counts.sum() == len(stated)
    assert (found.stated * found.counts).sum() == pytest.approx(stated.sum())
    assert (found.found * found.counts).sum() == kept.test.positive.sum()
    assert found.error == pytest.approx(
        (np.abs(found.stated - found.found) * found.counts).sum() / len(stated)
    )
