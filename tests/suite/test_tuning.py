"""Tuning: which points a loss is tried at, what stays, and what is wrong with a bad table."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlbench.errors import ConfigError
from mlbench.registry import LOSSES
from mlbench.runner.work import cell_of
from mlbench.search_space import Choice, Int, LogUniform, Uniform
from mlbench.suite import Cell, parse_suite, untuned
from mlbench.suite.trials import trials_in_words

SUITE = """
name = "tuned"
seeds = [0, 1]
fractions = [0.1, 1.0]
losses = ["bce", "two_way", "zlpr", "supcon", { name = "asl", id = "asl-mild", gamma_neg = 2.0 }, "asl"]

[tuning]
trials = 5
"""
DATASETS = """
[[datasets]]
name = "digit-scenes"
encoder = "conv"

[[datasets]]
name = "synthetic-topics"
encoder = "bag"
"""
SHARED = """
[tuning.shared]
head_lr = { low = 1e-4, high = 1e-2, log = true }
batch_size = [32, 64, 128]
encoder_lr = { times = [0.3, 1.0, 3.0] }
"""


def cells(shared: str = SHARED, **overrides: Any) -> list[Cell]:
    return parse_suite(SUITE + shared + DATASETS, "tuned.toml", overrides).cells()


def ids(grid: list[Cell]) -> list[str]:
    return [cell.id(cell.dataset) for cell in grid]


def number(cell: Cell) -> int:
    assert cell.trial is not None
    return cell.trial.number


@given(share=st.floats(0, 1, exclude_max=True), low=st.floats(1e-6, 10), width=st.floats(1e-3, 1e3))
def test_a_share_lies_in_its_range(share: float, low: float, width: float) -> None:
    high = low + width
    assert low <= Uniform(low, high).at(share) <= high
    assert low <= LogUniform(low, high).at(share) <= high
    assert Int(2, 5).at(share) in (2, 3, 4, 5)
    assert Choice("a", None, 3.0).at(share) in ("a", None, 3.0)


def test_shares_drawn_evenly_are_values_as_the_range_says() -> None:
    shares = [(place + 0.5) / 1000 for place in range(1000)]
    assert sum(LogUniform(0.01, 1.0).at(share) < 0.1 for share in shares) == 500
    assert sum(Uniform(0.0, 1.0).at(share) < 0.1 for share in shares) == 100
    assert sum(Int(1, 4).at(share) == 4 for share in shares) == 250
    assert sum(Choice(1, 2).at(share) == 1 for share in shares) == 500


def test_the_first_trial_is_the_cell_that_is_not_tuned() -> None:
    plain = parse_suite(SUITE.partition("[tuning]")[0] + DATASETS, "plain.toml").cells()
    first = [cell for cell in cells() if number(cell) == 0]
    assert ids(first) == ids(plain)
    assert all(cell.trial is None for cell in plain)


def test_no_cell_stands_there_twice() -> None:
    grid = cells()
    assert len(set(ids(grid))) == len(grid)


@settings(max_examples=8, deadline=None)
@given(fewer=st.integers(1, 5), more=st.integers(5, 9))
def test_more_trials_keep_those_that_there_were(fewer: int, more: int) -> None:
    small, large = cells(**{"tuning.trials": fewer}), cells(**{"tuning.trials": more})
    kept = [(identifier, number(cell)) for identifier, cell in zip(ids(large), large, strict=True)]
    assert {(identifier, number(cell)) for identifier, cell in zip(ids(small), small, strict=True)} == {
        pair for pair in kept if pair[1] < fewer
    }


def test_draws_lie_in_the_search_space_and_leave_what_the_suite_gives() -> None:
    for cell in cells():
        declared = LOSSES.describe(cell.loss.name)
        for name, space in declared.attributes["search_space"].items():
            value = cell.loss.parameters[name]
            if isinstance(space, Choice):
                default = next(p.default for p in declared.parameters if p.name == name)
                assert value in (*space.values, default)
            else:
                assert space.low <= value <= space.high
        if cell.loss.id == "asl-mild":
            assert cell.loss.parameters["gamma_neg"] == 2.0


def test_shared_knobs_are_the_same_for_all_losses() -> None:
    knobs = defaultdict(set)
    for cell in cells():
        place = cell.dataset, cell.seed, number(cell)
        knobs[place].add((cell.train.head_lr, cell.train.batch_size, cell.train.encoder_lr))
    assert all(len(found) == 1 for found in knobs.values())
    assert len(set.union(*knobs.values())) > len(knobs) // 2, "draws differ by dataset and seed"


def test_a_curve_over_fractions_is_of_the_same_points() -> None:
    points = defaultdict(set)
    for cell in cells():
        key = cell.dataset, cell.seed, cell.loss.id, number(cell)
        points[key].add(repr((sorted(cell.loss.parameters.items(), key=str), cell.train)))
    assert all(len(found) == 1 for found in points.values())


def test_factors_multiply_what_the_dataset_has() -> None:
    base = {cell.dataset: cell.train.encoder_lr for cell in cells() if not number(cell)}
    assert len(set(base.values())) == 2
    factors = {round(cell.train.encoder_lr / base[cell.dataset], 6) for cell in cells()}
    assert factors == {0.3, 1.0, 3.0}


def test_a_loss_has_no_more_trials_than_points() -> None:
    grid = cells("", **{"tuning.trials": 60})
    of = {(cell.loss.id, cell.trial.of) for cell in grid if cell.trial}
    assert {("zlpr", 1), ("two_way", 6), ("bce", 12), ("supcon", 60)} <= of
    assert len(set(ids(grid))) == len(grid), "asl and asl-mild share no point"
    (said,) = trials_in_words(grid)
    assert said.startswith(
        "tuning (tuned): 60 trials of a loss on each dataset, fraction and seed; fewer where"
    )
    assert "zlpr 1" in said
    assert "supcon" not in said


def test_a_description_has_the_way_back() -> None:
    grid = cells()
    first = {
        (cell.dataset, cell.fraction, cell.seed, cell.loss.id): cell for cell in grid if not number(cell)
    }
    for cell in grid:
        description = cell.describe()
        assert cell_of("tuned", description).id("x") == cell.id("x")
        origin = first[cell.dataset, cell.fraction, cell.seed, cell.loss.id].describe()
        assert untuned(description) == untuned(origin)
        assert untuned(untuned(origin)) == untuned(origin)


def test_a_suite_is_tuned_from_the_command_line_too() -> None:
    text = SUITE.partition("[tuning]")[0] + DATASETS
    grid = parse_suite(text, "plain.toml", {"tuning.trials": 3}).cells()
    assert max(number(cell) for cell in grid) == 2


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("trials = 0", "line 8: tuning.trials: Input should be greater than or equal to 1, got 0"),
        ("shared = { head_lr = [0.1] }", "line 7: 'tuning.trials' is missing, as in `trials = 8`"),
        ("trials = 2\ntrial = 3", "line 9: unknown key 'tuning.trial'; did you mean 'trials'?"),
        ("trials = 2\nshared = { heads_lr = [0.1] }", "'heads_lr' is nothing that can be tuned; did you mean"),
        ("trials = 2\nshared = { epochs = [1, 2] }", "'epochs' is nothing that can be tuned"),
        ("trials = 2\nshared = { batch_size = [0, 2] }", "batch_size: Input should be greater than or equal to 1"),
        ("trials = 2\nshared = { head_lr = { low = 1, high = 0.1 } }", "head_lr: Uniform needs low < high"),
        ("trials = 2\nshared = { head_lr = { low = 0, high = 1, log = true } }", "head_lr: LogUniform needs 0 < low"),
        ("trials = 2\nshared = { head_lr = { from = 1 } }", "head_lr: write a list of values, {low = …, high = …}"),
        ("trials = 2\nshared = { head_lr = 0.1 }", "head_lr: write a list of values"),
        ("trials = 2\nshared = { head_lr = [] }", "head_lr: write a list of values"),
        ("trials = 2\nshared = { head_lr = { times = [0] } }", "head_lr: times is a list of numbers above 0, got [0]"),
        ("trials = 2\nshared = { clip_norm = { times = [2] } }", "clip_norm is None there, which cannot be multiplied"),
        ("trials = 2\nshared = { schedule = ['linear'] }", "schedule: Input should be 'cosine', 'constant' or"),
        ("trials = 4\nshared = { augmentation = ['flip'] }", "'bag' augments nothing, so 'flip' does not go with it"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(table: str, said: str) -> None:
    text = SUITE.replace("trials = 5", table) + DATASETS
    with pytest.raises(ConfigError, match=re.escape(said)):
        parse_suite(text, "tuned.toml")


def test_none_is_a_word_where_a_parameter_may_be_none() -> None:
    text = SUITE.partition("[tuning]")[0].replace('"bce"', '{ name = "focal", alpha = "none" }') + DATASETS
    assert parse_suite(text, "x.toml").cells()[0].loss.parameters["alpha"] is None
    with pytest.raises(ConfigError, match="takes gamma: float"):
        parse_suite(text.replace('alpha = "none"', 'gamma = "none"'), "x.toml")
