"""Positives that a suite hides in training and validation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from mlbench import datasets
from mlbench.datasets.splits.hiding import hide
from mlbench.errors import ConfigError
from mlbench.registry import LOSSES
from mlbench.suite import load_suite, parse_suite
from mlbench.suite.hiding import Hiding

KNOBS = {"samples": 600, "labels": 12}
SUITES = Path(__file__).parents[3] / "suites"


def load(**parameters: Any) -> datasets.Dataset:
    return datasets.load("synthetic-features", {**KNOBS, **parameters})


def positives(dataset: datasets.Dataset, name: str) -> npt.NDArray[np.bool_]:
    return dataset.splits[name].targets.astype(bool)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_share_of_the_positives_is_hidden_in_training_and_validation_alone(share: float) -> None:
    whole, part = load(), load(hidden=share)
    for name in ("train", "validation"):
        before, after = positives(whole, name), positives(part, name)
        assert not (after & ~before).any()
        assert (before & ~after).sum() == round(share * before.sum())
        assert part.splits[name].unscored is None
    assert np.array_equal(whole.test.targets, part.test.targets)
    assert part.ceiling == whole.ceiling
    assert part.card.family == whole.card.family
    assert len({whole.fingerprint, part.fingerprint}) == 2


def test_what_a_smaller_share_hides_a_larger_one_hides_too() -> None:
    few, many = load(hidden=0.1), load(hidden=0.5)
    for name in ("train", "validation"):
        assert not (positives(many, name) & ~positives(few, name)).any()


def test_all_but_one_of_a_row_are_hidden() -> None:
    whole, part = load(), load(hidden="all but one")
    for name in ("train", "validation"):
        before, after = positives(whole, name), positives(part, name)
        assert np.array_equal(after.sum(axis=1), before.any(axis=1))
        assert not (after & ~before).any()
    kept = positives(part, "train").sum(axis=0) / np.maximum(positives(whole, "train").sum(axis=0), 1)
    assert kept.min() > 0.15, "which one is left is drawn, not the first"


def test_what_is_marked_as_unknown_is_neither_trained_on_nor_scored() -> None:
    absent, unknown = load(hidden=0.5), load(hidden=0.5, hidden_as="unknown")
    whole = load()
    for name in ("train", "validation"):
        assert np.array_equal(absent.splits[name].targets, unknown.splits[name].targets)
        hidden = positives(whole, name) & ~positives(unknown, name)
        unscored = unknown.splits[name].unscored
        assert unscored is not None
        assert np.array_equal(unscored, hidden)
    assert unknown.test.unscored is None
    assert absent.fingerprint != unknown.fingerprint


def test_a_hidden_positive_that_was_not_scored_is_absent_like_the_others() -> None:
    """A present label that is not scored would otherwise be unknown once it is taken away."""
    whole = load()
    odd = replace(whole, train=replace(whole.train, unscored=np.ones_like(positives(whole, "train"))))
    part = hide(odd, Hiding(0.5))
    hidden = positives(odd, "train") & ~positives(part, "train")
    assert part.train.unscored is not None
    assert not part.train.unscored[hidden].any()
    assert part.train.unscored[~hidden].all()


def test_the_fingerprint_that_costs_nothing_is_that_of_what_is_loaded() -> None:
    for parameters in ({}, {"hidden": 0.5}, {"hidden": 0.5, "hidden_as": "unknown"}):
        found = datasets.fingerprint("synthetic-features", {**KNOBS, **parameters})
        assert found == load(**parameters).fingerprint


WRONG = {
    "hidden = 1.5": "hidden must be a share between 0 and 1 or 'all but one', got 1.5",
    'hidden = "half"': "hidden must be a share between 0 and 1 or 'all but one', got 'half'",
    "hidden = true": "hidden must be a share between 0 and 1 or 'all but one', got True",
    'hidden = 0.5\nhidden_as = "unknwon"': "got 'unknwon'; did you mean 'unknown'?",
    'hidden_as = "absent"': "say how many by hidden = 0.5",
    "hiden = 0.5": "has no parameter 'hiden'",
}


@pytest.mark.parametrize("line", WRONG)
def test_a_value_that_does_not_fit_is_refused_with_its_place(line: str) -> None:
    text = f'name = "t"\nseeds = [0]\n[[datasets]]\nname = "synthetic-features"\n{line}\n'
    with pytest.raises(ConfigError, match=r"t.toml, datasets\[0\]") as caught:
        parse_suite(text, "t.toml")
    assert WRONG[line] in str(caught.value)


def test_a_dataset_of_which_nothing_is_hidden_is_described_as_before() -> None:
    text = 'name = "t"\nseeds = [0]\n[[datasets]]\nname = "synthetic-features"\n'
    (plain,) = {repr(cell.dataset_parameters) for cell in parse_suite(text, "t").cells()}
    assert "hidden" not in plain
    cells = parse_suite(f"{text}hidden = 0.5\n", "t").cells()
    assert cells[0].dataset_parameters["hidden_as"] == "absent"


def test_the_suites_hide_each_share_once_and_the_second_has_every_loss_that_can_tell() -> None:
    main, second = (load_suite(SUITES / f"missing-labels{more}.toml") for more in ("", "-unknown"))
    shares = {(cell.loader, cell.dataset_parameters.get("hidden")) for cell in main.cells()}
    assert len(shares) == 3 * 4
    assert {cell.dataset_parameters.get("hidden_as") for cell in second.cells()} == {"unknown"}
    assert {(cell.loader, cell.dataset_parameters["hidden"]) for cell in second.cells()} == {
        (loader, share) for loader, share in shares if share is not None
    }
    can_tell = {
        name for name in LOSSES.names() if "known" in LOSSES.describe(name).attributes.get("accepts", ())
    }
    assert {cell.loss.id for cell in second.cells()} == can_tell
