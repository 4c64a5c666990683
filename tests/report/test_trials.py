"""Trials: the one that counts, and that the test split has no say in it."""

from __future__ import annotations

import copy
import shlex
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlbench.records import Store, load_records
from mlbench.report.budget import budget, choices, expected_best
from mlbench.report.build import build
from mlbench.report.grid import Grid
from mlbench.report.merge import merge
from mlbench.report.protocol import environment, protocol
from mlbench.report.reproduce import write_suites
from mlbench.report.trials import choose
from mlbench.suite import Cell, parse_suite
from mlbench.version import TRAINING_VERSION
from tests.report.test_reproduce import cells_of_command

SUITE = """
name = "tuned"
seeds = [0, 1]
fractions = [0.1, 1.0]
losses = ["bce", "supcon", "focal"]
[tuning]
trials = 4
shared = { head_lr = [0.001, 0.002, 0.004] }
[[datasets]]
name = "digit-scenes"
encoder = "conv"
[[datasets]]
name = "synthetic-topics"
encoder = "bag"
"""


def fingerprint(cell: Cell) -> str:
    return f"fingerprint of {cell.dataset}"


def record(cell: Cell, validation: float, test: float, **changes: Any) -> dict[str, Any]:
    return {
        "schema": 1,
        "id": cell.id(fingerprint(cell)),
        "suite": cell.suite,
        "cell": cell.describe(),
        "code": {"training": TRAINING_VERSION},
        "status": "done",
        "error": None,
        "metrics": {"validation": {"map": validation}, "test": {"map": test}},
        "dataset": {"family": cell.dataset, "labels": 10, "sizes": {"test": 100}},
        **changes,
    }


FAILED = {
    "status": "failed",
    "error": {"class": "nonfinite", "message": "nan", "traceback": ""},
    "metrics": None,
}


def grid_of_cells() -> list[Cell]:
    return parse_suite(SUITE, "suite.toml").cells()


def write(folder: Path, records: list[dict[str, Any]], suite: str = "tuned") -> Path:
    store = Store(folder / suite)
    store.prepare()
    for each in records:
        store.write(each)
    return store.folder


def scored(seed: int = 0, test_seed: int = 0) -> list[dict[str, Any]]:
    rng, other = np.random.default_rng(seed), np.random.default_rng(test_seed)
    return [record(cell, float(rng.random()), float(other.random())) for cell in grid_of_cells()]


def slot(each: dict[str, Any]) -> tuple[Any, ...]:
    cell = each["cell"]
    return cell["dataset"], cell["fraction"], cell["seed"], cell["loss"]["id"]


def best_by_hand(records: list[dict[str, Any]]) -> dict[tuple[Any, ...], str]:
    found: dict[tuple[Any, ...], tuple[float, int, str]] = {}
    for each in records:
        if each["status"] == "done":
            number = each["cell"]["trial"]["number"]
            key = (-each["metrics"]["validation"]["map"], number, each["id"])
            found[slot(each)] = min(found.get(slot(each), key), key)
    return {where: key[2] for where, key in found.items()}


def ids_by_slot(folder: Path) -> dict[tuple[Any, ...], str]:
    cells = choose(load_records(folder)).cells
    places = zip(cells["dataset"], cells["fraction"], cells["seed"], cells["loss"], strict=True)
    return dict(zip(places, cells["id"], strict=True))


def test_the_best_on_validation_counts(tmp_path: Path) -> None:
    records = scored()
    assert ids_by_slot(write(tmp_path, records)) == best_by_hand(records)


def test_the_test_split_has_no_say(tmp_path: Path) -> None:
    one = ids_by_slot(write(tmp_path / "one", scored(3, test_seed=1)))
    assert one == ids_by_slot(write(tmp_path / "two", scored(3, test_seed=2)))


def test_of_equal_trials_the_earlier_one_counts(tmp_path: Path) -> None:
    records = [record(cell, 0.5, 0.1) for cell in grid_of_cells()]
    cells = choose(load_records(write(tmp_path, records))).cells
    assert (cells["cell/trial/number"] == 0).all()


def test_a_tuned_loss_keeps_its_name(tmp_path: Path) -> None:
    grid = Grid(merge([write(tmp_path, scored())]).cells)
    assert grid.losses == ("bce", "focal", "supcon")
    assert grid.task_names == ("digit-scenes", "synthetic-topics")
    assert (grid.state == 1).all()


def test_failed_trials_are_spent(tmp_path: Path) -> None:
    records = scored()
    gone = [each | copy.deepcopy(FAILED) if each["cell"]["trial"]["number"] % 2 else each for each in records]
    merged = merge([write(tmp_path, gone)])
    assert dict(zip(map(tuple, merged.cells[["dataset", "fraction", "seed", "loss"]].to_numpy()), merged.cells["id"],
                    strict=True)) == best_by_hand(gone)  # fmt: skip
    assert (~merged.trials["done"]).sum() == sum(each["status"] == "failed" for each in gone)


def test_a_loss_all_of_whose_trials_failed_has_failed(tmp_path: Path) -> None:
    records = [
        each | copy.deepcopy(FAILED) if each["cell"]["loss"]["id"] == "focal" else each for each in scored()
    ]
    grid = Grid(merge([write(tmp_path, records)]).cells)
    assert (grid.state[grid.losses.index("focal")] == 2).all()
    assert set(grid.failures.values()) == {"nonfinite"}


def test_where_trials_are_missing_none_counts(tmp_path: Path) -> None:
    records = [each for each in scored() if slot(each) != ("digit-scenes", 0.1, 1, "bce") or
               each["cell"]["trial"]["number"] < 2]  # fmt: skip
    merged = merge([write(tmp_path, records)])
    grid = Grid(merged.cells)
    place = grid.losses.index("bce"), 0, grid.fractions.index(0.1), grid.seeds.index(1)
    assert grid.state[place] == 0
    assert (grid.state == 0).sum() == 1
    (said,) = merged.problems
    assert said.startswith("bce on digit-scenes: 2 of 4 trials are there at 1 of the fractions and seeds")


def test_trials_beyond_the_budget_do_not_count(tmp_path: Path) -> None:
    """A suite whose budget was lowered names it in the trials that it still has."""
    records = scored(2)
    for each in records:
        trial = each["cell"]["trial"]
        if trial["number"] < 2:
            trial.update(of=2, budget=2)
        else:
            each["metrics"]["validation"]["map"] = 2.0
    merged = merge([write(tmp_path, records)])
    assert (merged.cells["cell/trial/number"] < 2).all()
    assert len(merged.cells) == 2 * 2 * 2 * 3
    assert not merged.problems


@pytest.mark.parametrize("other", ["first", "zuletzt"])
def test_a_suite_of_fewer_trials_beside_takes_none_away(tmp_path: Path, other: str) -> None:
    """Two suites share the first trials; a record counts once, whichever of them it is read from."""
    records = scored(4)
    write(tmp_path, records)
    few = [copy.deepcopy(each) for each in records if each["cell"]["trial"]["number"] < 2]
    for each in few:
        each["suite"] = other
        each["cell"]["trial"].update(of=min(2, each["cell"]["trial"]["of"]), budget=2)
    write(tmp_path, few, other)
    merged = merge([tmp_path])
    assert ids_by_slot(tmp_path) == best_by_hand(records)
    assert not merged.problems


def test_an_untuned_record_stands_for_the_first_trial(tmp_path: Path) -> None:
    records = scored()
    for each in records:
        if each["cell"]["trial"]["number"] == 0:
            del each["cell"]["trial"]
            each["metrics"]["validation"]["map"] = 2.0
    merged = merge([write(tmp_path, records)])
    assert merged.cells["cell/trial/number"].isna().all()
    assert (merged.trials["trial"] == 0).sum() == len(merged.cells)
    assert not merged.problems


def test_a_loss_that_was_not_tuned_among_others_is_named(tmp_path: Path) -> None:
    plain = parse_suite(SUITE.partition("[tuning]")[0] + SUITE[SUITE.index("[[") :], "plain.toml").cells()
    records = [each for each in scored() if each["cell"]["loss"]["id"] != "focal"]
    records += [record(cell, 0.5, 0.5) for cell in plain if cell.loss.id == "focal"]
    merged = merge([write(tmp_path, records)])
    assert merged.problems == (
        "not tuned were focal on digit-scenes, synthetic-topics, where other losses were; so all count there with "
        "their suite's own values",
    )
    assert len(merged.cells) == 3 * 2 * 2 * 2
    first = {each["id"] for each in records if each["cell"].get("trial", {}).get("number", 0) == 0}
    assert set(merged.cells["id"]) == first, "no loss has had more trials than another"
    grid = Grid(merged.cells)
    found = budget(grid, merged.trials, grid.fractions.index(1.0))
    assert found is not None
    assert found.kept.tolist() != found.slots.tolist(), "what tuning bought is told all the same"


@pytest.mark.parametrize("tuned_side", ["new", "published"])
def test_tuned_and_untuned_results_stand_beside_one_another(tmp_path: Path, tuned_side: str) -> None:
    plain = parse_suite(SUITE.partition("[tuning]")[0] + SUITE[SUITE.index("[[") :], "plain.toml").cells()
    untuned = [record(cell, 0.5, 0.5) for cell in plain]
    sides = {"new": untuned, "published": untuned, tuned_side: scored()}
    folders = {side: write(tmp_path / side, records) for side, records in sides.items()}
    merged = merge([folders["new"]], [folders["published"]])
    assert len(merged.trials) == len(scored())
    names = {"bce", "focal", "supcon"}
    assert set(Grid(merged.cells).losses) == names | {f"{name} (published)" for name in names}
    assert f"the {tuned_side} results are tuned" in "".join(merged.problems)
    page = build([folders["new"]], tmp_path / "report", cells=False, against=[folders["published"]])
    assert 'id="tuning-title"' in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("tuned_side", ["new", "published"])
def test_what_tuning_left_alone_stands_on_both_sides(tmp_path: Path, tuned_side: str) -> None:
    """The two sides share a cell wherever the first trial counts."""
    plain = parse_suite(SUITE.partition("[tuning]")[0] + SUITE[SUITE.index("[[") :], "plain.toml").cells()
    tuned = scored()
    first = {each["id"]: each for each in tuned if each["cell"]["trial"]["number"] == 0}
    untuned = []
    for cell in plain:
        same = first[cell.id(fingerprint(cell))]
        if (cell.loss.id, cell.seed) == ("focal", 1):
            same["metrics"]["validation"]["map"] = 2.0
        untuned.append(same | {"cell": cell.describe()})
    sides = {"new": untuned, "published": untuned, tuned_side: tuned}
    folders = {side: write(tmp_path / side, records) for side, records in sides.items()}
    merged = merge([folders["new"]], [folders["published"]])
    grid = Grid(merged.cells)
    names = ("focal", "focal (published)")
    assert (grid.state[[grid.losses.index(name) for name in names]] == 1).all()
    found = budget(grid, merged.trials, 0)
    assert found is not None
    there = dict(zip(grid.losses, found.slots, strict=True))
    tuned_name, plain_name = names if tuned_side == "new" else names[::-1]
    assert (there[tuned_name], there[plain_name]) == (4, 0)
    build([folders["new"]], tmp_path / "report", cells=True, against=[folders["published"]])


def test_other_parameters_under_one_name_are_no_trial(tmp_path: Path) -> None:
    other = SUITE.partition("[tuning]")[0].replace('"focal"', '{ name = "focal", gamma = 7.5 }')
    cells = parse_suite(
        other.replace('"tuned"', '"other"') + SUITE[SUITE.index("[[") :], "other.toml"
    ).cells()
    write(tmp_path, [record(cell, 9.0, 0.5) for cell in cells if cell.loss.id == "focal"], "other")
    write(tmp_path, scored())
    grid = Grid(merge([tmp_path]).cells)
    assert grid.losses == ("bce", "focal (gamma=2.0)", "focal (gamma=7.5)", "supcon")


def test_every_trial_that_counts_can_be_made_again(tmp_path: Path) -> None:
    merged = merge([write(tmp_path / "results", scored(1))])
    commands = write_suites(Grid(merged.cells).cells, tmp_path)
    assert set(commands) == set(merged.cells["id"])
    for identifier, command in commands.items():
        assert shlex.split(command)[2].startswith(str(tmp_path))
        assert cells_of_command(command, "loader") == [identifier]


def test_the_report_says_what_tuning_bought(tmp_path: Path) -> None:
    page = build([write(tmp_path / "results", scored())], tmp_path / "report", cells=True, against=[])
    text = page.read_text(encoding="utf-8")
    assert 'id="tuning-title"' in text
    assert "Tuned by random search" in text
    assert (page.parent / "figures" / "tuning-1.svg").exists()
    table = (page.parent / "tables" / "tuning.csv").read_text(encoding="utf-8")
    assert len(table.splitlines()) == 1 + 2 * 3
    every = pd.read_csv(page.parent / "tables" / "trials.csv")
    assert len(every) == len(scored())
    assert every["counts"].sum() == 2 * 2 * 2 * 3


def test_a_report_without_tuning_does_not_speak_of_it(tmp_path: Path) -> None:
    plain = parse_suite(SUITE.partition("[tuning]")[0] + SUITE[SUITE.index("[[") :], "plain.toml").cells()
    page = build([write(tmp_path / "results", [record(cell, 0.5, 0.5) for cell in plain])], tmp_path / "report",
                 cells=False, against=[])  # fmt: skip
    text = page.read_text(encoding="utf-8")
    assert 'id="tuning-title"' not in text
    assert "Tuned by random search" not in text
    assert not (page.parent / "tables" / "tuning.csv").exists()


ALIASES = """
name = "aliases"
seeds = [0, 1, 2]
fractions = [1.0]
losses = ["asl", { name = "asl", id = "asl-mild", gamma_neg = 2.0 }]
[tuning]
trials = 6
[[datasets]]
name = "digit-scenes"
encoder = "conv"
train = { head_lr = 0.002 }
[[datasets]]
name = "digit-scenes"
id = "twice"
encoder = "conv"
train = { head_lr = 0.004 }
"""


@pytest.mark.parametrize("shared", ["", "shared = { head_lr = { times = [0.5, 1.0, 2.0] } }"])
def test_values_that_two_names_share_can_be_made_again(tmp_path: Path, shared: str) -> None:
    cells = parse_suite(ALIASES.replace("trials = 6", f"trials = 6\n{shared}"), "aliases.toml").cells()
    rng = np.random.default_rng(0)
    by_loader = [
        record(cell, float(rng.random()), 0.5) | {"id": cell.id(f"fingerprint of {cell.loader}")}
        for cell in cells
    ]
    merged = merge([write(tmp_path / "results", list({each["id"]: each for each in by_loader}.values()))])
    for identifier, command in write_suites(Grid(merged.cells).cells, tmp_path).items():
        assert cells_of_command(command, "loader") == [identifier]


def test_files_of_a_report_say_what_was_trained(tmp_path: Path) -> None:
    records = scored()
    folder = build(
        [write(tmp_path / "results", records)], tmp_path / "report", cells=False, against=[]
    ).parent
    trained = {each["id"]: each["cell"] for each in records}
    cells = pd.read_parquet(folder / "cells.parquet")
    for row in cells.to_dict("records"):
        cell = trained[row["id"]]
        assert row["cell/train/head_lr"] == cell["train"]["head_lr"]
        if cell["loss"]["id"] == "focal":
            assert row["cell/loss/parameters/gamma"] == cell["loss"]["parameters"]["gamma"]
    for name in ("report.md", "report.tex"):
        assert "What tuning bought" in (folder / name).read_text(encoding="utf-8")


def test_what_was_tried_is_named_where_the_first_trials_count(tmp_path: Path) -> None:
    records = scored()
    for each in records:
        each["timing"] = {"total": 3600.0}
        if each["cell"]["trial"]["number"] == 0:
            each["metrics"]["validation"]["map"] = 2.0
    merged = merge([write(tmp_path, records)])
    grid = Grid(merged.cells)
    said = protocol(grid, merged.trials)
    assert any("head lr along with them" in line for line in said)
    assert not any("head lr 0.001" in line for line in said), "as if it were shared by all cells"
    assert ("training and scoring", f"{len(records)}.0 hours") in environment(grid, merged.trials)


def test_one_trial_is_no_tuning(tmp_path: Path) -> None:
    cells = parse_suite(SUITE.replace("trials = 4", "trials = 1"), "one.toml").cells()
    merged = merge([write(tmp_path, [record(cell, 0.5, 0.5) for cell in cells])])
    assert not any("random search" in line for line in protocol(Grid(merged.cells), merged.trials))


def test_published_trials_stay_with_what_was_chosen_from_them(tmp_path: Path) -> None:
    """The same suite with a smaller budget: its trials are published too."""
    published = scored(1)
    for each in published:
        number = each["cell"]["trial"]["number"]
        each["metrics"]["validation"]["map"] = number / 10
    mine = [copy.deepcopy(each) for each in published if each["cell"]["trial"]["number"] < 2]
    for each in mine:
        each["cell"]["trial"].update(of=2, budget=2)
    merged = merge([write(tmp_path / "new", mine)], [write(tmp_path / "published", published)])
    grid = Grid(merged.cells)
    found = budget(grid, merged.trials, grid.fractions.index(1.0))
    assert found is not None
    of = dict(zip(grid.losses, zip(found.trials, found.own, found.slots, strict=True), strict=True))
    first = [each["metrics"]["test"]["map"] for each in mine
             if each["cell"]["trial"]["number"] == 0 and slot(each)[1::2] == (1.0, "focal")]  # fmt: skip
    assert of["focal"] == (2, pytest.approx(np.mean(first)), 4)
    assert of["focal (published)"] == (4, pytest.approx(np.mean(first)), 4)


def test_a_loss_that_always_failed_kept_and_chose_nothing(tmp_path: Path) -> None:
    records = [
        each | copy.deepcopy(FAILED) if each["cell"]["loss"]["id"] == "focal" else each for each in scored()
    ]
    merged = merge([write(tmp_path, records)])
    grid = Grid(merged.cells)
    found = budget(grid, merged.trials, 0)
    assert found is not None
    assert found.kept[grid.losses.index("focal")] == 0
    assert "focal" not in choices(grid, merged.trials, 0)


def test_different_budgets_are_named(tmp_path: Path) -> None:
    records = scored()
    for each in records:
        if each["cell"]["loss"]["id"] == "bce" and each["cell"]["trial"]["number"] < 2:
            each["cell"]["trial"].update(of=2, budget=2)
    assert merge([write(tmp_path, records)]).problems == tuple(
        f"{name}: tuned losses were given different numbers of trials: 2 for bce; 4 for focal, supcon"
        for name in ("digit-scenes", "synthetic-topics")
    )


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=6), st.data())
def test_what_to_expect_is_the_mean_over_all_draws(
    scores: list[tuple[float, float]], data: st.DataObject
) -> None:
    from itertools import combinations

    failed = data.draw(st.sets(st.integers(0, len(scores) - 1)))
    validation = [np.nan if place in failed else score for place, (score, _) in enumerate(scores)]
    test = [np.nan if place in failed else score for place, (_, score) in enumerate(scores)]

    def counts(drawn: tuple[int, ...]) -> float:
        done = [place for place in drawn if place not in failed]
        return test[max(done, key=lambda place: (validation[place], -place))] if done else np.nan

    expected = []
    for trials in range(1, len(scores) + 1):
        draws = combinations(range(1, len(scores)), trials - 1)
        expected.append(np.mean([counts((0, *drawn)) for drawn in draws]))
    np.testing.assert_allclose(expected_best(validation, test), expected, atol=1e-12)


def test_the_numbers_of_the_budget(tmp_path: Path) -> None:
    records = scored(5, test_seed=6)
    merged = merge([write(tmp_path, records)])
    grid = Grid(merged.cells)
    found = budget(grid, merged.trials, grid.fractions.index(1.0))
    assert found is not None
    best = best_by_hand(records)
    of = {(slot(each), each["cell"]["trial"]["number"]): each for each in records}
    by_id = {each["id"]: each for each in records}
    for place, loss in enumerate(grid.losses):
        slots = [(dataset, 1.0, seed, loss) for dataset, seed in product(grid.task_names, grid.seeds)]
        own = [of[where, 0]["metrics"]["test"]["map"] for where in slots]
        tuned = [by_id[best[where]]["metrics"]["test"]["map"] for where in slots]
        assert found.own[place] == pytest.approx(np.mean(own))
        assert found.tuned[place] == pytest.approx(np.mean(tuned))
        assert found.gain[place] == pytest.approx(np.mean(tuned) - np.mean(own))
        assert found.expected[place, 0] == pytest.approx(np.mean(own))
        assert found.slots[place] == 4
        assert found.kept[place] == sum(best[where] == of[where, 0]["id"] for where in slots)
    assert found.expected[grid.losses.index("supcon"), -1] == pytest.approx(
        found.tuned[grid.losses.index("supcon")]
    )
