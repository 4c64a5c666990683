"""The synthetic families: the settings do what they say, and the ceiling is one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, f1_score

import mlbench
from mlbench.datasets import load
from mlbench.datasets.source import Request
from mlbench.datasets.sources.synthetic_features import SyntheticFeatures
from mlbench.datasets.sources.synthetic_topics import SyntheticTopics
from mlbench.datasets.synthetic.ceiling import _Scorer, bayes_ceiling
from mlbench.datasets.synthetic.label_model import LabelModel, make_label_model
from mlbench.errors import ConfigError

FAMILIES = ("synthetic-topics", "synthetic-features")


def mutual_information(targets: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Between every two different labels, in nats, by counting."""
    present = targets.astype(np.float64)
    total = np.zeros((targets.shape[1],) * 2)
    for one in (present, 1 - present):
        for other in (present, 1 - present):
            joint = one.T @ other / len(present)
            apart = np.outer(one.mean(axis=0), other.mean(axis=0))
            total += joint * np.log(np.maximum(joint, 1e-300) / np.maximum(apart, 1e-300))
    return total[~np.eye(len(total), dtype=bool)]


def brute_force(model: LabelModel, evidence: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """P(y_l | x) by summing over all 2^L label sets and all groups; one row."""
    labels = len(evidence)
    sets = np.array([[number >> label & 1 for label in range(labels)] for number in range(2**labels)])
    prior = np.mean(
        [np.prod(np.where(sets, given, 1 - given), axis=1) for given in model.given_group], axis=0
    )
    joint = prior * np.exp(sets @ evidence)
    chosen: npt.NDArray[np.float64] = (joint[:, None] * sets).sum(axis=0) / joint.sum()
    return chosen


def test_the_posterior_is_exact() -> None:
    generator = np.random.default_rng(0)
    for dependence in (0.0, 0.5, 1.0):
        model = make_label_model(6, 2.0, 1.0, dependence, 4, seed=3)
        evidence = generator.normal(0, 3, (20, 6))
        _, posterior = model.posterior(evidence)
        np.testing.assert_allclose(posterior, [brute_force(model, row) for row in evidence], rtol=1e-9)


def test_redraws_follow_the_posterior() -> None:
    model = make_label_model(5, 1.5, 0.5, 1.0, 3, seed=0)
    evidence = np.random.default_rng(1).normal(0, 2, (4, 5))
    groups, posterior = model.posterior(evidence)
    generator = np.random.default_rng(2)
    mean = np.mean([model.redraw(evidence, groups, generator) for _ in range(4000)], axis=0)
    assert np.abs(mean - posterior).max() < 4 * 0.5 / np.sqrt(4000)


@pytest.mark.parametrize("labels", [5, 60, 1000])
def test_frequencies_and_cardinality(labels: int) -> None:
    model = make_label_model(labels, 2.5, 1.2, 0.8, 6, seed=1)
    assert model.frequency.sum() == pytest.approx(2.5, rel=1e-6)
    assert (np.diff(model.frequency) <= 1e-12).all()
    assert model.given_group.max() <= 0.9 + 1e-9
    if labels > 5:
        ratio = model.frequency[20] / model.frequency[40]
        assert ratio == pytest.approx((41 / 21) ** 1.2, rel=1e-6)
    drawn = model.draw(4000, np.random.default_rng(0))
    assert drawn.sum(axis=1).mean() == pytest.approx(2.5, abs=0.15)


def test_imbalance_zero_is_even() -> None:
    assert np.ptp(make_label_model(10, 2.0, 0.0, 0.5, 6, seed=0).frequency) < 1e-12


def test_dependence_zero_has_no_mutual_information_and_one_has() -> None:
    """Under independence 2 N I is chi-squared with one degree of freedom: its mean is 1."""
    count = 6000
    found = {}
    for dependence in (0.0, 0.3, 1.0):
        model = make_label_model(12, 3.0, 0.5, dependence, 6, seed=0)
        found[dependence] = mutual_information(model.draw(count, np.random.default_rng(5)))
    assert 2 * count * found[0.0].mean() == pytest.approx(1.0, abs=0.4)
    assert found[0.0].mean() < found[0.3].mean() / 3 < found[1.0].mean() / 9


@pytest.mark.parametrize("family", FAMILIES)
def test_the_ceiling_falls_as_noise_grows(family: str) -> None:
    ceilings = [
        load(family, {"samples": 1500, "labels": 8, "noise": noise}).ceiling for noise in (0.1, 0.3, 0.6, 0.9)
    ]
    for metric in ("map", "f1_macro", "f1_micro"):
        readings = [ceiling[metric] for ceiling in ceilings if ceiling]
        assert len(readings) == 4
        assert readings == sorted(readings, reverse=True)
        assert readings[0] - readings[-1] > 0.2


def test_at_full_noise_documents_say_nothing() -> None:
    """The ceiling is then that of rows in random order, whose expected average precision is known (Bestgen
    2015), and of choosing every row."""
    dataset = load("synthetic-topics", {"samples": 1500, "noise": 1.0, "dependence": 0.0})
    frequency = dataset.test.targets.mean(axis=0)
    assert dataset.ceiling is not None
    rows, positives = len(dataset.test), dataset.test.targets.sum(axis=0)
    harmonic = (1 / np.arange(1, rows + 1)).sum()
    expected = ((positives - 1) / (rows - 1) * (rows - harmonic) + harmonic) / rows
    assert dataset.ceiling["map"] == pytest.approx(expected.mean(), abs=0.01)
    assert dataset.ceiling["f1_macro"] == pytest.approx((2 * frequency / (1 + frequency)).mean(), abs=1e-9)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_classifier_beats_the_ceiling(family: str) -> None:
    """A classifier of the family's own kind, trained on ten times the usual, comes near and not above."""
    settings = {"samples": 30000, "labels": 6, "dependence": 0.0, "cardinality": 1.5, "imbalance": 0.5}
    dataset = load(family, settings)
    assert dataset.ceiling is not None
    if dataset.modality == "text":
        words = CountVectorizer()
        train = words.fit_transform(dataset.train.inputs)
        test = words.transform(dataset.test.inputs)
    else:
        train, test = np.asarray(dataset.train.inputs), np.asarray(dataset.test.inputs)
    scores = np.stack(
        [
            LogisticRegression(C=0.1, max_iter=300).fit(train, targets).decision_function(test)
            for targets in dataset.train.targets.T
        ],
        axis=1,
    )
    reached = average_precision_score(dataset.test.targets, scores)
    ceiling, error = dataset.ceiling["map"], dataset.ceiling["map_error"]
    assert ceiling - 0.02 < reached < ceiling + 2 * error


def test_scores_are_those_of_scikit_learn() -> None:
    """The ceiling's own metrics against another implementation; equal scores, which the last labels have, are
    in some random order, and a label without positives is left out."""
    generator = np.random.default_rng(0)
    posterior = generator.integers(0, 8, (200, 5)) / 10 + 0.05
    posterior[:, :2] += generator.random((200, 2)) * 0.1
    targets = (generator.random((200, 5)) < posterior).astype(np.uint8)
    targets[:, 4] = 0
    scorer = _Scorer(posterior, generator)
    _, macro, micro = scorer(targets)
    for label in range(4):
        one = _Scorer(posterior[:, [label]], generator)(targets[:, [label]])[0]
        if label < 2:
            assert one == pytest.approx(average_precision_score(targets[:, label], posterior[:, label]))
        else:
            orders = [
                average_precision_score(targets[:, label], posterior[:, label] + generator.random(200) * 1e-6)
                for _ in range(200)
            ]
            assert np.min(orders) - 1e-9 < one < np.max(orders) + 1e-9
    chosen = scorer.chosen_macro[:, :4]
    assert macro == pytest.approx(f1_score(targets[:, :4], chosen, average="macro"))
    assert micro == pytest.approx(f1_score(targets, scorer.chosen_micro, average="micro"))
    for label in range(4):
        by_threshold = []
        for threshold in np.unique(posterior[:, label]):
            rows = posterior[:, label] >= threshold
            expected = 2 * posterior[rows, label].sum() / (rows.sum() + posterior[:, label].sum())
            by_threshold.append((expected, rows))
        best = max(by_threshold, key=lambda pair: pair[0])[1]
        assert np.array_equal(scorer.chosen_macro[:, label], best)


def test_the_error_is_the_spread_over_redrawn_labels() -> None:
    model = make_label_model(8, 2.0, 0.5, 0.5, 4, seed=0)
    request = SyntheticFeatures(samples=900, labels=8, cardinality=2.0, noise=0.5)
    readings = []
    for seed in range(12):
        generator = np.random.default_rng(seed)
        targets = model.draw(900, generator)
        _, evidence = request.draw_inputs(targets, model, generator)
        readings.append(bayes_ceiling(model, evidence, targets, seed))
    spread = np.std([reading["map"] for reading in readings], ddof=1)
    stated = np.mean([reading["map_error"] for reading in readings])
    assert 0.4 < stated / spread < 2.5


def test_label_noise_is_in_train_alone() -> None:
    settings: dict[str, Any] = {"samples": 3000, "labels": 10}
    clean = load("synthetic-topics", settings)
    dirty = load("synthetic-topics", {**settings, "missing": 0.4})
    flipped = load("synthetic-topics", {**settings, "flip": 0.1})
    for split in ("validation", "test"):
        for other in (dirty, flipped):
            assert np.array_equal(clean.splits[split].targets, other.splits[split].targets)
            assert clean.splits[split].inputs == other.splits[split].inputs
    before = clean.train.targets.astype(bool)
    assert not (dirty.train.targets.astype(bool) & ~before).any()
    assert dirty.train.targets.sum() / before.sum() == pytest.approx(0.6, abs=0.03)
    assert (flipped.train.targets != before).mean() == pytest.approx(0.1, abs=0.01)
    assert clean.ceiling == dirty.ceiling == flipped.ceiling


def test_many_labels() -> None:
    dataset = load("synthetic-topics", {"samples": 600, "labels": 5000, "cardinality": 5.0})
    assert len(dataset.labels) == 5000
    assert len(set(dataset.labels)) == 5000
    words = {word for text in dataset.train.inputs for word in str(text).split()}
    assert all(word.isalpha() for word in words)


def test_reading_is_deterministic() -> None:
    request = Request("synthetic-topics", "s")
    first, second = SyntheticTopics(samples=60).read(request), SyntheticTopics(samples=60).read(request)
    assert first.train.inputs == second.train.inputs
    assert first.ceiling == second.ceiling


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"labels": 1}, "labels must be"),
        ({"labels": 5001}, "labels must be"),
        ({"labels": 5, "cardinality": 4.0}, "cardinality must be"),
        ({"dependence": 1.5}, "dependence must be"),
        ({"missing": 1.0}, "missing must be"),
        ({"noise": 0.0}, "noise must be"),
        ({"samples": 3}, "samples must be"),
    ],
)
def test_knobs_that_no_dataset_has(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load("synthetic-topics", wrong)


def test_another_law_of_the_labels_is_another_dataset_and_another_comment_is_not(tmp_path: Path) -> None:
    """The fingerprint that is remembered follows the modules that a family draws on."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(mlbench.__file__).parent, tmp_path / "mlbench", ignore=ignore)
    law = tmp_path / "mlbench" / "datasets" / "synthetic" / "label_model.py"
    places = {"PYTHONPATH": str(tmp_path), "MLBENCH_CACHE": str(tmp_path / "cache")}
    environment = {**os.environ, **places, "PYTHONDONTWRITEBYTECODE": "1"}

    def fingerprint() -> str:
        script = (
            "from mlbench import datasets; print(datasets.fingerprint('synthetic-features', {'samples': 60}))"
        )
        command = [sys.executable, "-c", script]
        run = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return run.stdout.strip()

    before = fingerprint()
    law.write_text(law.read_text() + "# a comment\n")
    assert fingerprint() == before
    law.write_text(law.read_text().replace("default_rng([seed, 20])", "default_rng([seed, 120])"))
    assert fingerprint() != before
