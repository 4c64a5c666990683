"""What each built-in encoder reaches with `bce` at its defaults: a change that costs quality is seen here."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbench import datasets
from mlbench.suite import parse_suite
from mlbench.training import run_cell

SUITE = """
name = "reference"
seeds = [0]
fractions = [1.0]
losses = ["bce"]

[[datasets]]
name = "{dataset}"
encoder = "{encoder}"
"""


def reach(dataset: str, encoder: str, data_root: Path | None = None) -> dict[str, float]:
    """The test metrics of the loss's own logits."""
    (cell,) = parse_suite(SUITE.format(dataset=dataset, encoder=encoder), "reference").cells()
    data = datasets.load(cell.loader, cell.dataset_parameters, data_root=data_root)
    numbers: dict[str, float] = run_cell(cell, data).parts["metrics"]["test"]
    return numbers


@pytest.mark.slow
def test_conv_on_digit_scenes() -> None:
    assert reach("digit-scenes", "conv")["map"] >= 0.95


@pytest.mark.slow
@pytest.mark.data
def test_bag_on_go_emotions(data_root: Path) -> None:
    numbers = reach("go_emotions", "bag", data_root)
    assert numbers["map"] >= 0.38
    assert numbers["f1_macro@label"] >= 0.41


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize(("encoder", "floor"), [("bag", 0.46), ("lsa", 0.41)])
def test_text_encoders_on_reuters(encoder: str, floor: float, data_root: Path) -> None:
    numbers = reach("reuters21578", encoder, data_root)
    assert numbers["map"] >= floor
    assert numbers["f1_micro@0.5"] >= 0.82


@pytest.mark.slow
@pytest.mark.data
def test_given_features_on_yeast(data_root: Path) -> None:
    assert reach("yeast", "features", data_root)["f1_micro@0.5"] >= 0.6
