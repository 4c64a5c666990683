"""A headline says under which hyperparameters it is true."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlbench.report.analysis import Analysis, View
from mlbench.report.data.grid import Grid
from mlbench.report.data.merge import merge
from mlbench.report.text.answer import answer
from mlbench.report.text.hyperparameters import untuned
from tests.report.data.tuned.test_trials import scored
from tests.report.data.tuned.test_trials import write as write_trials
from tests.report.synthetic import World, write

FOCAL = {"gamma": 2.0, "alpha": 0.25, "reduction": "batchmean"}
DEFAULT, OWN = "with default hyperparameters", "with the suite's hyperparameters, untuned"


def analysis_of(folder: Path, parameters: dict[str, Any]) -> Analysis:
    world = World(losses={"bce": 0.0, "focal": 0.1, "focal~mild": 0.0}, fractions=(1.0,), keys=("map",), seeds=(0,),
                  parameters=parameters)  # fmt: skip
    return Analysis(Grid(merge([write(folder, world)]).cells))


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"focal": FOCAL}, DEFAULT),
        ({"focal": FOCAL, "focal~mild": FOCAL | {"gamma": 1.0}}, DEFAULT),
        ({"focal": FOCAL | {"gamma": 1.0}}, OWN),
        ({"focal": FOCAL | {"alpha": None}}, OWN),
        ({"focal": FOCAL, "bce": {"pos_weight": 2.0}}, OWN),
        ({}, ""),
    ],
    ids=[
        "defaults",
        "a variant by its name",
        "another value",
        "none",
        "of another loss",
        "no parameters recorded",
    ],
)
def test_untuned_records_are_said_to_have_defaults_where_they_have(
    parameters: dict[str, Any], words: str, tmp_path: Path
) -> None:
    analysis = analysis_of(tmp_path, parameters)
    assert untuned(analysis) == words
    headline = answer(analysis, View("map", "own", 0))[0]
    assert headline.endswith(f" ({words})") if words else "hyperparameters" not in headline


def test_a_loss_that_is_not_known_here_cannot_be_said_to_have_defaults(tmp_path: Path) -> None:
    world = World(losses={"mine": 0.0, "bce": 0.0}, fractions=(1.0,), seeds=(0,), keys=("map",),
                  parameters={"mine": {"strength": 1.0}})  # fmt: skip
    assert untuned(Analysis(Grid(merge([write(tmp_path, world)]).cells))) == OWN


def test_tuned_records_are_not_said_to_have_defaults(tmp_path: Path) -> None:
    merged = merge([write_trials(tmp_path, scored())])
    assert untuned(Analysis(Grid(merged.cells), trials=merged.trials)) == ""
