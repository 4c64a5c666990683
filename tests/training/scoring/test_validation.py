"""What a history holds of validation: each number against a naive one; thresholds never see what they score."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, f1_score, label_ranking_average_precision_score
from torch import Tensor

from mlbench.training.scoring.validation import ALWAYS, ValidationSplit
from mlbench.training.streams import Streams
from tests.training.cells import run


def _split(rows: int = 90, labels: int = 6, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(rows, labels, generator=generator)
    chances = torch.sigmoid(logits + torch.randn(rows, labels, generator=generator) - 0.5)
    return logits, (torch.rand(rows, labels, generator=generator) < chances).to(torch.uint8)


def _of(targets: Tensor) -> ValidationSplit:
    return ValidationSplit.of(targets, torch.Generator().manual_seed(7))


def _best_cut(scores: np.ndarray, truth: np.ndarray) -> float:
    """By trying every cut between two neighbours; of equally good ones the highest."""
    levels = np.sort(scores)[::-1]
    found, best = math.inf, -1.0
    for above, below in zip(levels, [*levels[1:], -math.inf], strict=True):
        value = f1_score(truth, scores >= above, zero_division=0.0)
        if value > best + 1e-12:
            found, best = (above + below) / 2, value
    return found


def test_each_number_agrees_with_a_naive_one() -> None:
    logits, targets = _split()
    split = _of(targets)
    found = split.measure(logits, "ap_micro")
    assert tuple(found) == (*ALWAYS, "ap_micro")
    scores, truth = logits.double().numpy(), targets.numpy()
    assert found["map"] == pytest.approx(average_precision_score(truth, scores), abs=1e-9)
    assert found["ap_micro"] == pytest.approx(
        average_precision_score(truth, scores, average="micro"), abs=1e-9
    )
    assert found["lrap"] == pytest.approx(label_ranking_average_precision_score(truth, scores), abs=1e-9)
    tunes, held = split.tunes.numpy(), split.scores.numpy()
    cuts = [_best_cut(scores[tunes, label], truth[tunes, label]) for label in range(6)]
    predicted = scores[held] > np.array(cuts)
    for key in ("macro", "micro"):
        assert found[f"f1_{key}@label"] == pytest.approx(
            f1_score(truth[held], predicted, average=key), abs=1e-9
        )


def test_halves_cover_the_rows_once_and_follow_the_seed_alone() -> None:
    targets = _split(91)[1]
    one, same = (ValidationSplit.of(targets, Streams(3).generator("validation halves")) for _ in range(2))
    other = ValidationSplit.of(targets, Streams(4).generator("validation halves"))
    assert sorted([*one.tunes.tolist(), *one.scores.tolist()]) == list(range(91))
    assert (len(one.tunes), len(one.scores)) == (45, 46)
    assert torch.equal(one.tunes, same.tunes)
    assert not torch.equal(one.tunes, other.tunes)


def test_scores_that_know_nothing_are_not_flattered() -> None:
    """Rare labels and noise: tuned and scored on the same rows, macro-F1 would be half as much again."""
    generator = torch.Generator().manual_seed(1)
    targets = (torch.rand(200, 40, generator=generator) < 0.03).to(torch.uint8)
    logits = torch.randn(200, 40, generator=generator)
    split = _of(targets)
    honest = split.measure(logits)["f1_macro@label"]
    same = ValidationSplit(targets, split.scores, split.scores).measure(logits)["f1_macro@label"]
    assert honest < 0.1
    assert same > 1.5 * honest


def test_entries_that_are_not_scored_play_no_part() -> None:
    logits, targets = _split()
    targets[::3, 2] = 255
    split = _of(targets)
    other = logits.clone()
    other[::3, 2] = 50.0
    assert split.measure(logits) == split.measure(other)


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_few_rows_are_enough(rows: int) -> None:
    logits, targets = _split(rows)
    targets[:, 0] = 1
    found = _of(targets).measure(logits)
    assert found["map"] > 0
    assert math.isnan(found["f1_macro@label"]) == (rows == 1)


def test_a_split_without_positives_gives_what_is_defined() -> None:
    found = _of(torch.zeros(10, 3, dtype=torch.uint8)).measure(torch.randn(10, 3))
    assert math.isnan(found["map"])
    assert math.isnan(found["f1_macro@label"])
    assert found["lrap"] == 1


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_logits_that_are_not_finite_have_no_numbers(bad: float) -> None:
    logits, targets = _split()
    logits[3, 1] = bad
    assert all(math.isnan(value) for value in _of(targets).measure(logits).values())


@pytest.mark.parametrize("metric", ["map", "ap_micro", "lrap", "f1_micro@label", "f1_macro@label"])
@pytest.mark.parametrize("loss", ["bce", "supcon"])
def test_the_point_that_is_best_by_the_chosen_metric_counts(metric: str, loss: str) -> None:
    history = run(loss, evaluations=4, epochs=4, select_metric=metric).parts["history"]
    rows = history["evaluations"]
    assert all({*ALWAYS, metric, "step", "epoch"} == set(row) for row in rows)
    best = max(rows, key=lambda row: row[metric])
    assert history["selected_step"] == best["step"]


def test_what_it_selects_by_changes_no_point_of_the_history() -> None:
    plain, other = (run(evaluations=3, epochs=3, select_metric=name) for name in ("map", "f1_macro@label"))
    assert plain.parts["history"]["evaluations"] == other.parts["history"]["evaluations"]
