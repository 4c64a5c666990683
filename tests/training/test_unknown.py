"""Training entries of which nobody knows whether the label holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mlbench import datasets
from mlbench.datasets import Dataset
from mlbench.losses.base import LabelStats
from mlbench.registry import LOSSES
from mlbench.suite import parse_suite
from mlbench.training import run_cell
from mlbench.training.scoring.measure import GroundTruth
from mlbench.training.scoring.probe import fit_probe
from mlbench.training.unknown import UNKNOWN, has_unknown, split_known, training_targets
from tests.training.cells import load, make_cell


def hidden(share: float = 0.3) -> Dataset:
    """A dataset of which a share of the training entries is not scored: a third of them with the label given."""
    whole = load("synthetic-features")
    drawn = np.random.default_rng(0).random(whole.train.targets.shape)
    unscored = drawn < share
    targets = np.where(unscored & (drawn > share / 3), 0, whole.train.targets).astype(np.uint8)
    return replace(
        whole, train=replace(whole.train, targets=targets, unscored=unscored), fingerprint="hidden"
    )


def parts_of(dataset: Dataset, loss: str = "bce", **train: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    found = run_cell(make_cell(loss, **train), dataset)
    return found.parts, found.scores


def test_an_entry_is_unknown_where_it_is_not_scored_and_no_label_is_given() -> None:
    dataset, rows = hidden(), np.arange(5, 60)
    split = dataset.train
    assert split.unscored is not None
    for unknown, value in (("ignore", UNKNOWN), ("negative", 0), ("positive", 1)):
        found = training_targets(dataset, rows, unknown)  # type: ignore[arg-type]
        missing = split.unscored[rows] & (split.targets[rows] == 0)
        assert (found[missing] == value).all()
        assert (found[~missing] == split.targets[rows][~missing]).all()
        assert has_unknown(torch.from_numpy(found)) == (unknown == "ignore")


def test_the_known_part_of_a_batch() -> None:
    targets, known = split_known(torch.tensor([[0, 1, 255], [255, 0, 1]], dtype=torch.uint8))
    assert targets.tolist() == [[0, 1, 0], [0, 0, 1]]
    assert known.tolist() == [[True, True, False], [False, True, True]]


def test_log_odds_are_those_of_the_known_rows() -> None:
    stats = LabelStats(torch.tensor([3, 0]), 10, torch.tensor([4, 0]))
    assert stats.log_odds().tolist() == pytest.approx([np.log(3.5 / 1.5), 0.0])
    counts, totals = stats.clamped()
    assert counts.tolist() == [3, 1]
    assert totals.tolist() == [4, 2]
    with pytest.raises(ValueError, match=r"known must be \[2\]"):
        LabelStats(torch.tensor([3, 0]), 10, torch.tensor([4]))


def test_a_cell_counts_what_is_known_of_its_own_rows() -> None:
    dataset = hidden()
    truth = GroundTruth.of(dataset, training_targets(dataset, np.arange(50), "ignore"))
    split = dataset.train
    assert split.unscored is not None
    missing = (split.unscored & (split.targets == 0))[:50]
    assert truth.known_counts is not None
    assert truth.known_counts.tolist() == (~missing).sum(axis=0).tolist()
    assert truth.seen_counts.tolist() == split.targets[:50].sum(axis=0).tolist()
    assert GroundTruth.of(dataset, training_targets(dataset, np.arange(50), "negative")).known_counts is None


def test_a_loss_that_accepts_it_ignores_what_is_unknown() -> None:
    dataset = hidden()
    ignored, negative = parts_of(dataset), parts_of(dataset, unknown="negative")
    assert ignored[0]["unknown"]["taken"] == "ignored"
    assert negative[0]["unknown"]["taken"] == "negative"
    assert 0.05 < ignored[0]["unknown"]["share"] < 0.3
    assert ignored[0]["history"]["epochs"][0]["loss"] < negative[0]["history"]["epochs"][0]["loss"]
    assert not np.array_equal(ignored[1]["test_logits"], negative[1]["test_logits"])


@pytest.mark.parametrize("reduction", ["mean", "batchmean", "sum"])
def test_the_parts_of_a_batch_come_to_the_same_as_the_batch(reduction: str) -> None:
    """However unevenly the known entries lie in them."""
    dataset, cell = hidden(), make_cell(reduction=reduction)
    whole, parted = run_cell(cell, dataset), run_cell(cell, dataset, micro_batch=5)
    assert parted.parts["micro_batch"] == 5
    for one, other in zip(whole.parts["history"]["epochs"], parted.parts["history"]["epochs"], strict=True):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-5)
    np.testing.assert_allclose(whole.scores["test_logits"], parted.scores["test_logits"], atol=1e-4)


def test_a_loss_that_cannot_gets_negatives_and_the_record_says_so() -> None:
    dataset = hidden()
    assert "known" not in LOSSES.get("hill").accepts
    ignored, negative = (
        parts_of(dataset, "hill", head_bias="zero"),
        parts_of(dataset, "hill", head_bias="zero", unknown="negative"),
    )
    assert ignored[0]["unknown"]["taken"] == negative[0]["unknown"]["taken"] == "negative"
    assert np.array_equal(ignored[1]["test_logits"], negative[1]["test_logits"])


def test_a_loss_that_weighs_them_is_given_them_and_the_record_says_so() -> None:
    dataset = hidden()
    weighed, negative = parts_of(dataset, "partial_asl"), parts_of(dataset, "partial_asl", unknown="negative")
    assert weighed[0]["unknown"]["taken"] == "weighed"
    assert negative[0]["unknown"]["taken"] == "negative"
    assert not np.array_equal(weighed[1]["test_logits"], negative[1]["test_logits"])
    whole, parted = (
        run_cell(make_cell("partial_asl", reduction="mean"), dataset, micro_batch=size) for size in (None, 5)
    )
    np.testing.assert_allclose(whole.scores["test_logits"], parted.scores["test_logits"], atol=1e-4)


def test_where_all_is_known_nothing_is_said() -> None:
    parts, _ = parts_of(load("synthetic-features"))
    assert parts["unknown"] is None
    assert parts["dataset"]["known_counts"] is None


def test_the_probe_ignores_it_too() -> None:
    """Labels are learnt one by one, so a label of which nothing is known leaves the others as they are."""
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(200, 6, generator=generator)
    targets = (features[:, :3] + 0.1 * torch.randn(200, 3, generator=generator) > 0.5).to(torch.uint8)
    hiding = targets.clone()
    hiding[:, 1] = UNKNOWN
    grid = ((0.01, 0.01),)

    def fit(of: torch.Tensor) -> Any:
        drawn = torch.Generator().manual_seed(1)
        return fit_probe(features, of, features, targets, drawn, steps=30, grid=grid)

    whole, part = fit(targets), fit(hiding)
    assert torch.equal(whole.weight[:, [0, 2]], part.weight[:, [0, 2]])
    assert torch.equal(whole.bias[[0, 2]], part.bias[[0, 2]])
    assert float(part.weight[:, 1].abs().max()) == 0


def test_it_is_no_part_of_an_id_unless_it_is_asked_for() -> None:
    plain, negative = make_cell(), make_cell(unknown="negative")
    assert make_cell(unknown="ignore").id("f") == plain.id("f") != negative.id("f")
    assert "unknown" not in plain.train.identity()


def test_assays_that_were_never_measured(data_root: Path) -> None:
    """tox21: a molecule has been through some of the twelve assays."""
    text = f"""
        name = "assays"
        seeds = [0]
        fractions = [0.2]
        losses = ["bce", "zlpr"]
        [train]
        epochs = 1
        min_steps = 10
        probe_steps = 20
        [[datasets]]
        name = "tox21"
        path = "{data_root / "tox21"}"
        encoder = "features"
    """
    cells = parse_suite(text, "assays").cells()
    dataset = datasets.load(cells[0].loader, cells[0].dataset_parameters)
    bce, zlpr = (run_cell(cell, dataset).parts for cell in cells)
    assert bce["unknown"]["taken"] == "ignored"
    assert zlpr["unknown"]["taken"] == "negative"
    assert bce["unknown"]["share"] == pytest.approx(0.17, abs=0.02)
