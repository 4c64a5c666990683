"""Which configurations a tuned loss is tried at, what stays, what is trained anew, what is wrong with a bad table."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlbench.errors import ConfigError
from mlbench.registry import LOSSES
from mlbench.runner.worker.cells import cell_of
from mlbench.search_space import Choice, Int, LogUniform, Uniform
from mlbench.suite import Cell, Final, Selection, parse_suite, tuning_in_words, untuned
from mlbench.suite.tuning.table import FACTORS, SHARED, TUNABLE

SUITE = """
name = "tuned"
seeds = [0, 1, 2]
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
KNOBS_TRIED = """
[tuning.shared]
head_lr = { low = 1e-4, high = 1e-2, log = true }
batch_size = [32, 64, 128]
encoder_lr = { times = [0.3, 1.0, 3.0] }
"""


def cells(shared: str = KNOBS_TRIED, **overrides: Any) -> list[Cell]:
    return parse_suite(SUITE + shared + DATASETS, "tuned.toml", overrides).cells()


def finals(shared: str = KNOBS_TRIED, **overrides: Any) -> list[Final]:
    return parse_suite(SUITE + shared + DATASETS, "tuned.toml", overrides).grid().finals


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


def test_the_first_trial_has_the_suites_own_values() -> None:
    plain = parse_suite(SUITE.partition("[tuning]")[0] + DATASETS, "plain.toml").cells()
    anew = {final.plain.id(final.plain.dataset) for final in finals()}
    assert anew == set(ids([cell for cell in plain if cell.seed != 0])), (
        "trained anew it is the cell that is not tuned"
    )
    assert all(cell.trial is None for cell in plain)
    by_place = {(cell.dataset, cell.fraction, cell.loss.id): cell for cell in plain if cell.seed == 0}
    for cell in cells():
        if not number(cell):
            same = by_place[cell.dataset, cell.fraction, cell.loss.id]
            assert cell.loss == same.loss
            assert cell.train == same.train.model_copy(update={"probe": "needed", "bootstrap": False})


def test_trials_are_trained_on_the_first_seed_and_finals_on_the_others() -> None:
    assert {cell.seed for cell in cells()} == {0}
    assert {final.seed for final in finals()} == {1, 2}
    both = {"tuning.seeds": [2, 1], "seeds": [0, 1, 2, 3]}
    assert {cell.seed for cell in cells(**both)} == {1, 2}
    assert {final.seed for final in finals(**both)} == {0, 3}
    elsewhere = {"tuning.seeds": [100]}
    assert {cell.seed for cell in cells(**elsewhere)} == {100}
    assert {final.seed for final in finals(**elsewhere)} == {0, 1, 2}


@pytest.mark.parametrize(
    ("overrides", "left"),
    [({"seeds": [0, 1]}, "[1]"), ({"seeds": [0]}, "[]"), ({"tuning.seeds": [0, 2]}, "[1]")],
)
def test_fewer_than_two_seeds_for_finals_are_refused(overrides: dict[str, Any], left: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"leaves {left}. Add seeds")) as error:
        cells(**overrides)
    assert str(error.value).startswith("tuned.toml, seeds: what tuning chooses on seeds")


def test_the_choice_may_be_made_at_one_fraction() -> None:
    assert {cell.fraction for cell in cells()} == {0.1, 1.0}
    at = {"tuning.fraction": 0.1}
    assert {cell.fraction for cell in cells(**at)} == {0.1}
    grid = finals(**at)
    assert {final.fraction for final in grid} == {0.1, 1.0}
    contests = defaultdict(set)
    for final in grid:
        contests[final.plain.dataset, final.plain.loss.id].add(id(final.contest))
    assert all(len(found) == 1 for found in contests.values()), "one choice for all fractions"
    assert len({id(final.contest) for final in finals()}) == 2 * len(contests)


def test_every_final_is_the_trial_in_full_on_another_seed() -> None:
    for final in finals():
        for trial in final.contest.trials:
            cell = final.cell(number(trial))
            assert cell.loss == trial.loss
            assert cell.train == trial.train.model_copy(update={"probe": "all", "bootstrap": True})
            assert (cell.dataset, cell.seed, cell.fraction) == (trial.dataset, final.seed, final.fraction)
            assert cell.trial is not None
            assert cell.trial.final
            assert str(cell).endswith(" · final")
            assert untuned(cell.describe()) == untuned(final.plain.describe())


def test_whoever_selects_a_final_gets_its_trials() -> None:
    grid = parse_suite(SUITE + KNOBS_TRIED + DATASETS, "tuned.toml", {"tuning.fraction": 0.1}).grid()
    chosen = Selection(losses=("bce",), fractions=(1.0,), seeds=(1,)).apply(grid)
    assert {(final.seed, final.fraction, final.plain.loss.id) for final in chosen.finals} == {(1, 1.0, "bce")}
    assert {(cell.seed, cell.fraction, cell.loss.id) for cell in chosen.cells} == {(0, 0.1, "bce")}
    assert len(chosen.cells) == 2 * 5
    assert len(chosen.finals) == 2
    alone = Selection(losses=("bce",), seeds=(0,)).apply(grid)
    assert (len(alone.cells), alone.finals) == (10, [])


def test_no_cell_stands_there_twice() -> None:
    grid = cells()
    assert len(set(ids(grid))) == len(grid)
    for trial in range(5):
        assert len({final.cell(trial).id(final.plain.dataset) for final in finals()}) == len(finals())


@settings(max_examples=8, deadline=None)
@given(fewer=st.integers(1, 5), more=st.integers(5, 9))
def test_more_trials_keep_those_that_there_were(fewer: int, more: int) -> None:
    small, large = cells(**{"tuning.trials": fewer}), cells(**{"tuning.trials": more})
    kept = [(identifier, number(cell)) for identifier, cell in zip(ids(large), large, strict=True)]
    assert {(identifier, number(cell)) for identifier, cell in zip(ids(small), small, strict=True)} == {
        pair for pair in kept if pair[1] < fewer
    }


def test_another_sequence_has_other_trials_but_for_the_first() -> None:
    one, other, again = (cells(**{"tuning.sequence": sequence}) for sequence in (0, 3, 3))
    assert ids(other) == ids(again)
    assert ids(one) == ids(cells())
    same = set(ids(one)) & set(ids(other))
    assert {cell.id(cell.dataset) for cell in other if number(cell) == 0} == same
    for cell in (*one, *other):
        trial = cell.describe()["trial"]
        assert trial.get("sequence", 0) == (3 if cell in other else 0)
        assert ("sequence" in trial) == (trial.get("sequence", 0) > 0), "records of before say nothing of it"
        assert cell_of("tuned", json.loads(json.dumps(cell.describe()))) == cell


def test_draws_lie_in_the_search_space_and_leave_what_the_suite_gives() -> None:
    for cell in cells():
        declared = LOSSES.describe(cell.loss.name)
        for name, space in declared.attributes["search_space"].items():
            value = getattr(cell.train, name[6:]) if name.startswith("train.") else cell.loss.parameters[name]
            if isinstance(space, Choice):
                default = {p.name: p.default for p in declared.parameters}.get(name)
                assert value in (*space.values, default)
            else:
                assert space.low <= value <= space.high
        if cell.loss.id == "asl-mild":
            assert cell.loss.parameters["gamma_neg"] == 2.0


def test_shared_hyperparameters_are_the_same_for_all_losses() -> None:
    values = defaultdict(set)
    for cell in cells():
        values[cell.dataset, number(cell)].add(
            (cell.train.head_lr, cell.train.batch_size, cell.train.encoder_lr)
        )
    assert all(len(found) == 1 for found in values.values())
    assert len(set.union(*values.values())) > len(values) // 2, "draws differ by dataset"


def test_fractions_and_seeds_see_the_same_points() -> None:
    configurations = defaultdict(set)
    for cell in cells(**{"tuning.seeds": [3, 4]}):
        configurations[cell.dataset, cell.loss.id, number(cell)].add(
            repr((sorted(cell.loss.parameters.items(), key=str), cell.train))
        )
    assert all(len(found) == 1 for found in configurations.values())


def test_factors_multiply_what_the_dataset_has() -> None:
    base = {cell.dataset: cell.train.encoder_lr for cell in cells() if not number(cell)}
    assert len(set(base.values())) == 2
    factors = {round(cell.train.encoder_lr / base[cell.dataset], 6) for cell in cells()}
    assert factors == {0.3, 1.0, 3.0}


def test_every_loss_has_as_many_trials_none_twice() -> None:
    """zlpr has nothing of its own to tune, two_way six configurations: there the shared hyperparameters go on."""
    grid = cells("", **{"tuning.trials": 20})
    of = defaultdict(set)
    for cell in grid:
        of[cell.dataset, cell.fraction, cell.loss.id].add(cell.id(cell.dataset))
    assert {len(found) for found in of.values()} == {20}
    assert len(set(ids(grid))) == len(grid), "asl and asl-mild share no configuration"
    assert tuning_in_words(grid) == [
        "tuning (tuned): 20 trials of each loss on each dataset and fraction, on seed 0"
    ]


def test_a_grid_is_tried_to_its_last_point() -> None:
    shared = "[tuning.shared]\nhead_lr = [0.001, 0.002, 0.004]\nencoder_lr = [0.01, 0.02]\n"
    only = {"losses": ["zlpr"], "tuning.trials": 7}
    grid = cells(shared, **only)
    pairs = {(cell.train.head_lr, cell.train.encoder_lr) for cell in grid if cell.dataset == "digit-scenes"}
    assert len(pairs) == 7, "six, and the suite's own"
    said = (
        "tuned.toml, tuning, dataset 'digit-scenes': loss 'zlpr' has 7 different settings to try, fewer than"
    )
    with pytest.raises(ConfigError, match=re.escape(said)):
        cells(shared, **{**only, "tuning.trials": 8})


def test_without_a_word_the_shared_grid_is_wide() -> None:
    grid = cells("", **{"tuning.trials": 60})
    assert set(SHARED) <= set(TUNABLE)
    base = {cell.dataset: cell.train for cell in grid if not number(cell)}
    for key in ("encoder_lr", "head_lr", "weight_decay"):
        factors = {round(getattr(cell.train, key) / getattr(base[cell.dataset], key), 6) for cell in grid}
        assert factors == set(FACTORS)
    assert (min(FACTORS), max(FACTORS)) == (0.03, 10.0)
    none = cells("shared = {}", **{"tuning.trials": 2, "losses": ["bce"]})
    assert {cell.train.head_lr for cell in none} == {protocol.head_lr for protocol in base.values()}


def test_values_at_an_edge_are_marked() -> None:
    for cell in cells("", **{"tuning.trials": 30}):
        assert cell.trial is not None
        base = dict(cell.trial.untuned)
        for key in ("encoder_lr", "head_lr", "weight_decay"):
            if f"train/{key}" in base:
                factor = round(getattr(cell.train, key) / base[f"train/{key}"], 6)
                assert (f"train/{key}" in cell.trial.edges) == (factor in (0.03, 10.0))
    table = """[tuning.shared]
head_lr = { low = 1e-4, high = 1e-2, log = true }
batch_size = { low = 10, high = 40 }
schedule = ["cosine", "constant", "onecycle"]
warmup = [0.0, 0.1]
"""
    found = set()
    for cell in cells(table, **{"tuning.trials": 60}):
        assert cell.trial is not None
        found |= {(edge, getattr(cell.train, edge.removeprefix("train/"))) for edge in cell.trial.edges}
    rates = [value for edge, value in found if edge == "train/head_lr"]
    assert rates
    assert all(value < 1.3e-4 or value > 0.75e-2 for value in rates)
    assert {value for edge, value in found if edge == "train/batch_size"} <= {10, 40}
    assert {edge for edge, _ in found} <= {"train/head_lr", "train/batch_size"}, (
        "words and pairs have no edge"
    )


def test_what_has_no_effect_is_not_searched() -> None:
    given = {"losses": [{"name": "jscl", "alpha": 0.0}, {"name": "jscl", "id": "whole"}], "tuning.trials": 6}
    grid = cells("", **given)
    temperatures = defaultdict(set)
    for cell in grid:
        temperatures[cell.loss.id].add(cell.loss.parameters["temperature"])
    assert temperatures["jscl"] == {0.5}, "its weight is 0"
    assert len(temperatures["whole"]) > 3
    biases = defaultdict(set)
    for cell in cells("", **{"tuning.trials": 12}):
        biases[cell.loss.id].add(cell.train.head_bias)
    assert biases["supcon"] == {"prior"}, "it has no logits"
    assert biases["bce"] == {"prior", "zero"}
    text = (
        SUITE.replace("trials = 5", "trials = 8")
        + """
[[datasets]]
name = "synthetic-features"
encoder = "features"
[[datasets]]
name = "synthetic-topics"
encoder = "lsa"
[[datasets]]
name = "digit-scenes"
encoder = { name = "timm:resnet18", frozen = true }
"""
    )
    frozen = parse_suite(text, "frozen.toml").cells()
    assert {cell.train.encoder_lr for cell in frozen if cell.dataset != "digit-scenes"} == {0.001}
    assert len({cell.train.encoder_lr for cell in frozen}) == 2, "that of timm, too, as it is"
    assert len({cell.id(cell.dataset) for cell in frozen}) == len(frozen)


def test_a_loss_may_tune_what_of_the_protocol_it_alone_uses() -> None:
    grid = cells("", **{"tuning.trials": 12, "losses": ["supcon", "bce", "bce_supcon"]})
    queues, views = defaultdict(set), defaultdict(set)
    for cell in grid:
        queues[cell.loss.id].add(cell.train.queue)
        views[cell.loss.id, cell.encoder].add(cell.train.views)
    default = {cell.train.queue for cell in grid if not number(cell)}
    assert queues["supcon"] == {0, 2048} | default
    assert queues["bce"] == queues["bce_supcon"] == default
    assert views["supcon", "bag"] == {1}, "nothing makes views of its texts differ"
    assert views["supcon", "conv"] == {1}, "nor of images that are not augmented"
    flipped = cells("", **{"tuning.trials": 12, "losses": ["supcon", "bce"], "datasets": [
        {"name": "digit-scenes", "encoder": "conv", "train": {"augmentation": "flip"}}]})  # fmt: skip
    assert {cell.train.views for cell in flipped if cell.loss.id == "supcon"} == {1, 2}
    assert {cell.train.views for cell in flipped if cell.loss.id == "bce"} == {1}
    given = cells("", **{"tuning.trials": 6, "losses": ["supcon"], "train.queue": 256})
    assert {cell.train.queue for cell in given} == {256}, "what the suite says stays"
    for cell in grid:
        assert cell_of("tuned", cell.describe()).id("x") == cell.id("x")


def test_a_queue_is_drawn_for_those_who_use_it() -> None:
    grid = cells(
        "[tuning.shared]\nqueue = [0, 64, 128]\nhead_lr = { times = [0.1, 1.0, 10.0] }\n",
        losses=["bce", "reg"],
    )
    defaults = {(cell.dataset, cell.train.queue) for cell in grid if not number(cell)}
    assert {(cell.dataset, cell.train.queue) for cell in grid if cell.loss.id == "bce"} == defaults
    assert len({cell.train.queue for cell in grid if cell.loss.id == "reg"}) > 1


def test_a_description_has_the_way_back() -> None:
    grid = cells()
    first = {
        (cell.dataset, cell.fraction, cell.seed, cell.loss.id): cell for cell in grid if not number(cell)
    }
    for cell in grid:
        description = cell.describe()
        assert cell_of("tuned", description) == cell
        assert cell_of("tuned", json.loads(json.dumps(description))) == cell
        origin = first[cell.dataset, cell.fraction, cell.seed, cell.loss.id].describe()
        assert untuned(description) == untuned(origin)
        assert untuned(untuned(origin)) == untuned(origin)


def test_a_suite_is_tuned_from_the_command_line_too() -> None:
    text = SUITE.partition("[tuning]")[0].replace("seeds = [0, 1, 2]", "seeds = [0]") + DATASETS
    grid = parse_suite(text, "plain.toml", {"tuning.trials": 3, "seeds": [0, 1, 2]}).cells()
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
        ("trials = 2\nseeds = []", "tuning.seeds: Value should have at least 1 item"),
        ("trials = 2\nseeds = [-1]", "tuning.seeds: -1 is no seed; seeds are whole numbers from 0"),
        ("trials = 2\nfraction = 1.5", "tuning.fraction: 1.5 is neither a share in (0, 1] nor a whole number"),
        ("trials = 4\nshared = { augmentation = ['flip', 'crop', 'randaugment'] }", "'bag' augments nothing, so"),
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
