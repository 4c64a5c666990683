"""A loss once more under seeds of its own: the same values, other streams, never a loss that is tuned or counted."""

from __future__ import annotations

import pytest

from mlbench.errors import ConfigError
from mlbench.runner.worker.cells import cell_of
from mlbench.suite import Cell, Selection, SuiteCells, parse_suite
from mlbench.suite.repeats import SEEDS_APART

HEAD = """
name = "twice"
seeds = [0, 1, 2]
fractions = [0.1, 1.0]
losses = ["bce", { name = "asl", id = "mild", gamma_neg = 2.0 }, ENTRY]
"""
DATA = """
[[datasets]]
name = "synthetic-topics"
encoder = "bag"
"""
BCE, MILD = '{ name = "bce", repeats = "bce" }', '{ name = "asl", id = "second", repeats = "mild" }'


def grid(entry: str = BCE, tuning: str = "") -> SuiteCells:
    return parse_suite(HEAD.replace("ENTRY", entry) + tuning + DATA, "twice.toml").grid()


def of(cells: list[Cell], loss: str) -> list[Cell]:
    return [cell for cell in cells if cell.loss.id == loss]


@pytest.mark.parametrize(("entry", "once", "again"), [(BCE, "bce", "bce-again"), (MILD, "mild", "second")])
def test_it_has_the_values_of_the_loss_and_seeds_of_its_own(entry: str, once: str, again: str) -> None:
    cells = grid(entry).cells
    first, second = of(cells, once), of(cells, again)
    assert len(first) == len(second) == 6
    for one, other in zip(first, second, strict=True):
        assert other.loss.parameters == one.loss.parameters
        assert other.loss.repeats == once
        assert (other.seed, other.stream_seed) == (one.seed, one.seed + SEEDS_APART)
        assert other.train.model_copy(update={"seed_shift": 0}) == one.train
    streams = [cell.stream_seed for cell in first]
    assert not {cell.stream_seed for cell in second} & set(streams)
    assert not {cell.id("data") for cell in second} & {cell.id("data") for cell in first}


def test_a_tuned_one_has_no_trials_and_follows_the_choice_of_the_loss() -> None:
    found = grid(MILD, "[tuning]\ntrials = 3\n")
    assert not of(found.cells, "second")
    pairs = [
        (one, other)
        for one in found.finals
        for other in found.finals
        if (one.plain.loss.id, other.plain.loss.id) == ("mild", "second")
        and (one.seed, one.fraction) == (other.seed, other.fraction)
    ]
    assert len(pairs) == 4
    for one, other in pairs:
        assert one.contest is other.contest
        for number in range(3):
            assert other.cell(number).loss.parameters == one.cell(number).loss.parameters
            assert other.cell(number).stream_seed == one.seed + SEEDS_APART
            assert other.cell(number).train.head_lr == one.cell(number).train.head_lr
            assert other.cell(number).train.bootstrap


def test_selected_by_its_own_name_it_brings_the_trials_of_the_loss() -> None:
    found = Selection(losses=("second",)).apply(grid(MILD, "[tuning]\ntrials = 3\n"))
    assert {cell.loss.id for cell in found.cells} == {"mild"}
    assert {final.plain.loss.id for final in found.finals} == {"second"}


def test_a_record_says_what_it_repeats() -> None:
    (cell, *_) = of(grid().cells, "bce-again")
    description = cell.describe()
    assert description["loss"]["repeats"] == "bce"
    assert description["train"]["seed_shift"] == SEEDS_APART
    assert cell_of("twice", description) == cell
    assert cell.has_names(description)
    plain = {**description, "loss": {**description["loss"], "id": "bce"}}
    del plain["loss"]["repeats"]
    assert not cell.has_names(plain)
    cell.give_names(plain)
    assert plain["loss"] == description["loss"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            '{ name = "bce", repeats = "bec" }',
            r"losses\[2\], repeats: 'bec' is no loss of this suite; did you mean",
        ),
        ('{ name = "asl", repeats = "bce" }', r"so it has its name, 'bce', and no parameters of its own"),
        ('{ name = "asl", repeats = "mild", clip = 0.1 }', r"no parameters of its own"),
        ('{ name = "bce", id = "mild", repeats = "bce" }', r"'mild' stands there twice"),
    ],
)
def test_a_repetition_that_makes_no_sense_is_refused(entry: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        grid(entry)


def test_seeds_that_would_meet_are_refused() -> None:
    text = HEAD.replace("ENTRY", BCE).replace("[0, 1, 2]", "[0, 1000]") + DATA
    with pytest.raises(ConfigError, match="must be below that; got 1000"):
        parse_suite(text, "twice.toml").cells()
