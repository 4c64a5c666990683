"""Tuned results: the final cells that count, what chose them, and that the test split has no say in it."""

from __future__ import annotations

import copy
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlbench.errors import DataError
from mlbench.records import Store, load_records
from mlbench.report import compare
from mlbench.report.analysis.budget import budget, expected_best
from mlbench.report.analysis.trial_table import choices
from mlbench.report.build import build
from mlbench.report.data.grid import Grid
from mlbench.report.data.kinds import RecordKind
from mlbench.report.data.merge import merge, merge_kinds
from mlbench.report.data.tuned.trials import select_finals
from mlbench.report.text.protocol import edges_chosen, environment, protocol
from mlbench.suite import Cell, parse_suite
from mlbench.version import TRAINING_VERSION

SUITE = """
name = "tuned"
seeds = [0, 1, 2]
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
UNTUNED = SUITE.partition("[tuning]")[0].replace('"tuned"', '"plain"') + SUITE[SUITE.index("[[") :]
FINALS = 3 * 2 * 2 * 2
TUNED, DEFAULT = f"training-{TRAINING_VERSION}-tuned", f"training-{TRAINING_VERSION}"


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


def write(folder: Path, records: list[dict[str, Any]], suite: str = "tuned") -> Path:
    store = Store(folder / suite)
    store.prepare()
    for each in records:
        store.write(each)
    return store.folder


def trials_of(text: str = SUITE, seed: int = 0, test_seed: int = 0) -> list[dict[str, Any]]:
    """Records of all trials of a suite, with scores drawn."""
    rng, other = np.random.default_rng(seed), np.random.default_rng(test_seed)
    cells = parse_suite(text, "suite.toml").cells()
    return [record(cell, float(rng.random()), float(other.random())) for cell in cells]


def contest(each: dict[str, Any]) -> tuple[Any, ...]:
    """Dataset, where it is tuned, and loss."""
    cell = each["cell"]
    at = cell["trial"]["fraction"]
    return cell["dataset"], cell["fraction"] if at is None else at, cell["loss"]["id"]


def choices_by_hand(records: list[dict[str, Any]]) -> dict[tuple[Any, ...], int]:
    """The trial of each contest that is chosen, from the records of trials on one seed."""
    found: dict[tuple[Any, ...], tuple[bool, float, int]] = {}
    for each in records:
        if not each["cell"]["trial"]["final"]:
            done = each["status"] == "done"
            score = each["metrics"]["validation"]["map"] if done else 0.0
            key = (not done, -score, each["cell"]["trial"]["number"])
            found[contest(each)] = min(found.get(contest(each), key), key)
    return {where: key[2] for where, key in found.items()}


def finals_of(
    records: list[dict[str, Any]], text: str = SUITE, test_seed: int = 0, number: int | None = None
) -> list[dict[str, Any]]:
    """Records of the final cells that a run would make of these trials, or those of one number of trial."""
    chosen, rng = choices_by_hand(records), np.random.default_rng(100 + test_seed)
    made = []
    for final in parse_suite(text, "suite.toml").grid().finals:
        cell = final.plain
        assert cell.trial is not None
        at = cell.fraction if cell.trial.fraction is None else cell.trial.fraction
        wanted = chosen[cell.dataset, at, cell.loss.id] if number is None else number
        made.append(record(final.cell(wanted), float(rng.random()), float(rng.random())))
    return made


def scored(seed: int = 0, test_seed: int = 0, text: str = SUITE) -> list[dict[str, Any]]:
    """All records of a suite that has been run."""
    trials = trials_of(text, seed, test_seed)
    return [*trials, *finals_of(trials, text, test_seed)]


def is_final(each: dict[str, Any]) -> bool:
    return bool(each["cell"]["trial"]["final"])


def counted(folder: Path) -> set[str]:
    return set(select_finals(load_records(folder)).cells["id"])


def test_the_finals_of_what_is_best_on_validation_count(tmp_path: Path) -> None:
    records = scored()
    assert len(records) == 3 * 2 * 2 * 4 + FINALS
    found = select_finals(load_records(write(tmp_path, records)))
    assert set(found.cells["id"]) == {each["id"] for each in records if is_final(each)}
    assert found.problems == ()
    assert set(found.cells["seed"]) == {1, 2}
    assert len(found.trials) == 3 * 2 * 2 * 4
    chosen = found.trials[found.trials["chosen"]]
    expected = choices_by_hand(records)
    by_id = {each["id"]: each for each in records}
    assert {contest(by_id[each]): by_id[each]["cell"]["trial"]["number"] for each in chosen["id"]} == expected


def test_the_test_split_has_no_say(tmp_path: Path) -> None:
    one, two = ([each["id"] for each in scored(3, test_seed=seed) if is_final(each)] for seed in (1, 2))
    assert one == two
    for seed in (1, 2):
        assert counted(write(tmp_path / str(seed), scored(3, test_seed=seed))) == set(one)


def test_several_seeds_choose_by_their_mean(tmp_path: Path) -> None:
    text = SUITE.replace("trials = 4", "trials = 4\nseeds = [7, 8]")
    trials = trials_of(text, 2)
    means = defaultdict(lambda: defaultdict(list))  # type: ignore[var-annotated]
    for each in trials:
        means[contest(each)][each["cell"]["trial"]["number"]].append(each["metrics"]["validation"]["map"])
    number = {where: max(found, key=lambda n: np.mean(found[n])) for where, found in means.items()}
    records = [
        record(final.cell(number[final.plain.dataset, final.fraction, final.plain.loss.id]), 0.5, 0.5)
        for final in parse_suite(text, "suite.toml").grid().finals
    ]
    assert counted(write(tmp_path, [*trials, *records])) == {each["id"] for each in records}
    assert len(records) == 3 * 2 * 2 * 3


def test_a_tuned_loss_keeps_its_name(tmp_path: Path) -> None:
    merged = merge([write(tmp_path, scored())])
    assert merged.kind == RecordKind(TRAINING_VERSION, tuned=True)
    grid = Grid(merged.cells)
    assert grid.losses == ("bce", "focal", "supcon")
    assert grid.task_names == ("digit-scenes", "synthetic-topics")
    assert (grid.state == 1).all()


def test_failed_trials_are_spent(tmp_path: Path) -> None:
    trials = [
        each | copy.deepcopy(FAILED) if each["cell"]["trial"]["number"] % 2 else each for each in trials_of()
    ]
    finals = finals_of(trials)
    merged = merge([write(tmp_path, [*trials, *finals])])
    assert set(merged.cells["id"]) == {each["id"] for each in finals}
    assert (~merged.trials["done"]).sum() == sum(each["status"] == "failed" for each in trials)


def test_a_loss_all_of_whose_trials_failed_has_failed(tmp_path: Path) -> None:
    records = [
        each | copy.deepcopy(FAILED) if each["cell"]["loss"]["id"] == "focal" else each
        for each in trials_of()
    ]
    records += [
        each | copy.deepcopy(FAILED) if each["cell"]["loss"]["id"] == "focal" else each
        for each in finals_of(records)
    ]
    merged = merge([write(tmp_path, records)])
    grid = Grid(merged.cells)
    assert (grid.state[grid.losses.index("focal")] == 2).all()
    assert set(grid.failures.values()) == {"nonfinite"}
    found = budget(grid, merged.trials, 0)
    assert found is not None
    assert found.kept[grid.losses.index("focal")] == 0
    assert "focal" not in choices(grid, merged.trials, 0)


def test_where_trials_are_missing_no_final_counts(tmp_path: Path) -> None:
    where = ("digit-scenes", 0.1, "bce")
    records = [each for each in scored() if contest(each) != where or is_final(each) or
               each["cell"]["trial"]["number"] < 2]  # fmt: skip
    merged = merge([write(tmp_path, records)])
    grid = Grid(merged.cells)
    place = grid.losses.index("bce"), 0, grid.fractions.index(0.1)
    assert (grid.state[place] == 0).all()
    assert (grid.state == 0).sum() == 2
    assert merged.problems == (
        "bce on digit-scenes: 2 of 4 trials are there; `mlbench run` does the rest; 2 final cells do not count until "
        "then",
    )


def test_a_sentence_names_all_losses_that_lack_trials_on_a_task(tmp_path: Path) -> None:
    """As of a run that was stopped among the trials."""
    records = []
    for each in scored():
        task, _, loss = contest(each)
        within = 3 if loss == "bce" else 2
        if task != "digit-scenes" or (not is_final(each) and each["cell"]["trial"]["number"] < within):
            records.append(each)
    said = "bce, focal and supcon on digit-scenes: 2 to 3 of 4 trials are there; `mlbench run` does the rest"
    assert merge([write(tmp_path, records)]).problems == (said,)


@pytest.mark.parametrize("change", ["seeds = [0]\nsequence = 1", "seeds = [1]"])
def test_suites_that_tune_by_other_trials_stand_apart(tmp_path: Path, change: str) -> None:
    """Else the trials of one number on both sides would pass for one trial, and a loss would have two choices."""
    first = SUITE.replace("trials = 4", "trials = 4\nseeds = [0]")
    second = first.replace("seeds = [0]", change).replace('"tuned"', '"retuned"')
    write(tmp_path, scored(seed=1, text=first))
    write(tmp_path, scored(seed=1, text=second), suite="retuned")
    kinds = merge_kinds([tmp_path])
    assert [set(merged.cells["suite"]) for merged in kinds] == [{"retuned"}, {"tuned"}]
    assert [len(merged.cells) for merged in kinds] == [FINALS, FINALS]
    problems = [problem for merged in kinds for problem in merged.problems]
    assert not [problem for problem in problems if "trials" in problem or "not count" in problem]


def test_a_suite_whose_finals_are_trained_otherwise_than_its_trials_stands_apart(tmp_path: Path) -> None:
    """It has the trials of the other suite, a copy of each, and finals of its own."""
    longer = SUITE.replace('"tuned"', '"longer"').replace("[tuning]", "[train]\nepochs = 50\n[tuning]")
    for encoder in ("conv", "bag"):
        longer = longer.replace(
            f'encoder = "{encoder}"',
            f'encoder = "{encoder}"\n[datasets.tuned_with]\nencoder = "{encoder}"\ntrain = {{ epochs = 20 }}',
        )
    first = SUITE.replace("[tuning]", "[train]\nepochs = 20\n[tuning]")
    one, other = scored(seed=1, text=first), scored(seed=1, text=longer)
    assert {each["id"] for each in trials_of(first)} == {each["id"] for each in trials_of(longer)}
    write(tmp_path, one)
    write(tmp_path, other, suite="longer")
    kinds = merge_kinds([tmp_path])
    assert [set(merged.cells["suite"]) for merged in kinds] == [{"longer"}, {"tuned"}]
    assert [len(merged.cells) for merged in kinds] == [FINALS, FINALS]
    assert not any(merged.problems for merged in kinds)


def test_finals_of_another_choice_do_not_count(tmp_path: Path) -> None:
    """As after a retry, which made another trial the best: those of the old choice are still there."""
    trials = trials_of(seed=1)
    old = finals_of(trials)
    where = ("digit-scenes", 1.0, "focal")
    other = (choices_by_hand(trials)[where] + 1) % 4
    for each in trials:
        if contest(each) == where and each["cell"]["trial"]["number"] == other:
            each["metrics"]["validation"]["map"] = 2.0
    new = finals_of(trials)
    changed = {each["id"] for each in old} - {each["id"] for each in new}
    assert len(changed) == 2
    merged = merge([write(tmp_path, [*trials, *old, *new])])
    assert set(merged.cells["id"]) == {each["id"] for each in new}
    said = "focal on digit-scenes: 2 final cells do not count: the trials choose other values now"
    assert merged.problems == (said,)
    before = merge([write(tmp_path / "before", [*trials, *old])])
    assert before.problems == (
        said, "focal on digit-scenes: what the trials chose has not been trained anew: `mlbench run` does that",
    )  # fmt: skip
    assert set(before.cells["id"]) == {each["id"] for each in old} - changed


def test_trials_without_finals_are_named(tmp_path: Path) -> None:
    with pytest.raises(
        DataError,
        match="bce, focal and supcon on digit-scenes: what the trials chose has not been trained anew",
    ):
        build([write(tmp_path, trials_of())], tmp_path / "report", cells=False, against=[])


def test_finals_without_their_trials_do_not_count(tmp_path: Path) -> None:
    merged = merge([write(tmp_path, [each for each in scored() if is_final(each)])])
    assert merged.cells.empty
    assert merged.problems[0].startswith(
        "bce, focal and supcon on digit-scenes: 12 final cells do not count, since the "
    )
    assert len(merged.problems) == 2


def test_trials_of_the_old_tuning_do_not_count(tmp_path: Path) -> None:
    records = trials_of()
    for each in records:
        trial = each["cell"]["trial"]
        each["cell"]["trial"] = {"number": trial["number"], "of": 4, "budget": 4, "untuned": trial["untuned"]}
    merged = merge([write(tmp_path, records)])
    assert merged.cells.empty
    (said,) = merged.problems
    assert said.startswith(
        f"{len(records)} trials of an older version of mlbench do not count: it did not train the chosen values anew"
    )


def test_trials_beyond_the_budget_do_not_count(tmp_path: Path) -> None:
    """A suite whose budget was lowered names it in the trials and finals that it still has."""
    records = trials_of(seed=2)
    for each in records:
        trial = each["cell"]["trial"]
        if trial["number"] < 2:
            trial["of"] = 2
        else:
            each["metrics"]["validation"]["map"] = 2.0
    few = [each for each in records if each["cell"]["trial"]["number"] < 2]
    finals = finals_of(few)
    merged = merge([write(tmp_path, [*records, *finals])])
    assert set(merged.cells["id"]) == {each["id"] for each in finals}
    assert not merged.problems
    assert len(merged.trials) == len(few)


@pytest.mark.parametrize("other", ["first", "zuletzt"])
def test_a_suite_of_fewer_trials_beside_takes_none_away(tmp_path: Path, other: str) -> None:
    """Two suites share the first trials; a record counts once, whichever of them it is read from."""
    records = scored(4)
    write(tmp_path, records)
    few = [
        copy.deepcopy(each) for each in records if each["cell"]["trial"]["number"] < 2 and not is_final(each)
    ]
    for each in few:
        each["suite"] = other
        each["cell"]["trial"]["of"] = 2
    write(tmp_path, few, other)
    assert counted(tmp_path) == {each["id"] for each in records if is_final(each)}
    assert not merge([tmp_path]).problems


def test_different_budgets_are_named(tmp_path: Path) -> None:
    records = trials_of()
    records = [
        each for each in records if each["cell"]["loss"]["id"] != "bce" or each["cell"]["trial"]["number"] < 2
    ]
    for each in records:
        if each["cell"]["loss"]["id"] == "bce":
            each["cell"]["trial"]["of"] = 2
    assert merge([write(tmp_path, [*records, *finals_of(records)])]).problems == tuple(
        f"{name}: tuned losses were given different numbers of trials: 2 for bce; 4 for focal, supcon"
        for name in ("digit-scenes", "synthetic-topics")
    )


def test_one_choice_for_all_fractions(tmp_path: Path) -> None:
    text = SUITE.replace("trials = 4", "trials = 4\nfraction = 0.1")
    records = scored(6, text=text)
    assert len(records) == 3 * 2 * 4 + FINALS
    merged = merge([write(tmp_path, records)])
    assert set(merged.cells["id"]) == {each["id"] for each in records if is_final(each)}
    grid = Grid(merged.cells)
    assert (grid.state == 1).all()
    at, elsewhere = (budget(grid, merged.trials, grid.fractions.index(fraction)) for fraction in (0.1, 1.0))
    assert at is not None
    assert at.tasks.tolist() == [2, 2, 2]
    assert elsewhere is None
    text = text.replace("fractions = [0.1, 1.0]", "fractions = [1.0]")
    only = merge([write(tmp_path / "only", scored(6, text=text))])
    grid = Grid(only.cells)
    assert grid.fractions == (1.0,)
    found = budget(grid, only.trials, 0)
    assert found is not None
    assert found.tasks.tolist() == [2, 2, 2]


def two_kinds(folder: Path) -> tuple[Path, list[dict[str, Any]], list[dict[str, Any]]]:
    """A folder of results with a suite that is tuned and one that is not, of the same losses and data.

    On half of the data the suite's own values are chosen: there the two have the same cells.
    """
    plain = [record(cell, 0.5, 0.25) for cell in parse_suite(UNTUNED, "plain.toml").cells()]
    trials = trials_of()
    for each in trials:
        own = contest(each)[0] == "digit-scenes"
        each["metrics"]["validation"]["map"] = float((each["cell"]["trial"]["number"] == 0) == own)
    tuned = finals_of(trials)
    for each in tuned:
        each["metrics"]["test"]["map"] = 0.25 if contest(each)[0] == "digit-scenes" else 0.75
    write(folder, [*trials, *tuned])
    write(folder, plain, "plain")
    return folder, plain, tuned


def test_tuned_and_untuned_cells_never_share_a_table(tmp_path: Path) -> None:
    results, plain, tuned = two_kinds(tmp_path / "results")
    same = {each["id"] for each in plain} & {each["id"] for each in tuned}
    assert len(same) == FINALS // 2
    page = build([results], tmp_path / "report", cells=True, against=[])
    folders = {"default": page.parent / "others" / DEFAULT, "tuned": page.parent}
    for kind, records in (("default", plain), ("tuned", tuned)):
        cells = pd.read_parquet(folders[kind] / "cells.parquet")
        assert set(cells["id"]) == {each["id"] for each in records}
        assert len(list((folders[kind] / "cells").glob("*.html"))) == len(records)
        for dataset, score in (
            ("digit-scenes", 0.25),
            ("synthetic-topics", 0.25 if kind == "default" else 0.75),
        ):
            here = cells[cells["dataset"] == dataset]
            assert set(here["metrics/test/map"]) == {score}
        text = (folders[kind] / "tables" / "map.csv").read_text(encoding="utf-8")
        assert ("0.75" in text or "75.0" in text) == (kind == "tuned"), text
    assert not (folders["default"] / "tables" / "tuning.csv").exists()
    assert (folders["tuned"] / "tables" / "tuning.csv").exists()
    second, first = ((folder / "index.html").read_text(encoding="utf-8") for folder in folders.values())
    section = re.search(rf'<section id="{DEFAULT}".*?</section>', first, re.DOTALL)
    assert section is not None
    assert "Results with default hyperparameters" in section[0]
    assert "0.25" in section[0]
    assert f'href="others/{DEFAULT}/index.html"' in section[0]
    assert "Results with" not in second
    assert 'id="tuning-title"' in first
    assert 'id="tuning-title"' not in second


def test_one_kind_has_no_section_of_another(tmp_path: Path) -> None:
    for name, records in (("plain", [record(cell, 0.5, 0.5) for cell in parse_suite(UNTUNED, "p").cells()]),
                          ("tuned", scored())):  # fmt: skip
        page = build([write(tmp_path / name, records)], tmp_path / "report" / name, cells=False, against=[])
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"Results with (tuned|default) hyperparameters", text)
        assert not (page.parent / "others").exists()


def test_a_report_of_fewer_kinds_leaves_nothing_of_the_other(tmp_path: Path) -> None:
    results, _, _ = two_kinds(tmp_path / "results")
    build([results], tmp_path / "report", cells=False, against=[])
    page = build([results / "plain"], tmp_path / "report", cells=False, against=[])
    assert not (page.parent / "others").exists()


def test_losses_are_compared_within_one_kind(tmp_path: Path) -> None:
    results, plain, tuned = two_kinds(tmp_path / "results")
    found = compare("bce", "focal", results=[results])
    assert {duel.seeds for duel in found.duels} == {2}
    assert found.problems == (
        f"{len(plain)} cells of TRAINING_VERSION {TRAINING_VERSION}, left out: no table may hold both",
    )
    folders = compare(str(results / "plain"), str(results / "tuned"))
    assert folders.mean == pytest.approx(-0.25)
    assert "tuned is tuned, " in "".join(folders.problems)
    kinds = merge_kinds([results])
    assert [len(merged.cells) for merged in kinds] == [len(tuned), len(plain)]


def test_published_results_of_another_kind_have_their_own_section(tmp_path: Path) -> None:
    plain = [record(cell, 0.5, 0.5) for cell in parse_suite(UNTUNED, "plain.toml").cells()]
    sides = {"new": write(tmp_path / "new", plain, "plain"), "published": write(tmp_path / "old", scored())}
    default, tuned = merge_kinds([sides["new"]], [sides["published"]])
    assert not default.cells["published"].any()
    assert tuned.cells["published"].all()
    assert set(Grid(tuned.cells).losses) == {"bce", "focal", "supcon"}
    page = build([sides["new"]], tmp_path / "report", cells=False, against=[sides["published"]])
    assert f'<section id="{TUNED}"' in page.read_text(encoding="utf-8")


def test_published_trials_stay_with_what_was_chosen_from_them(tmp_path: Path) -> None:
    """The same suite with a smaller budget: its trials are published too."""
    published = trials_of(seed=1)
    for each in published:
        each["metrics"]["validation"]["map"] = each["cell"]["trial"]["number"] / 10
    mine = [copy.deepcopy(each) for each in published if each["cell"]["trial"]["number"] < 2]
    for each in mine:
        each["cell"]["trial"]["of"] = 2
    new = write(tmp_path / "new", [*mine, *finals_of(mine)])
    old = write(tmp_path / "published", [*published, *finals_of(published)])
    merged = merge([new], [old])
    grid = Grid(merged.cells)
    found = budget(grid, merged.trials, grid.fractions.index(1.0))
    assert found is not None
    of = dict(zip(grid.losses, zip(found.trials, found.own, found.tasks, strict=True), strict=True))
    first = [each["metrics"]["test"]["map"] for each in mine
             if each["cell"]["trial"]["number"] == 0 and contest(each)[1:] == (1.0, "focal")]  # fmt: skip
    assert of["focal"] == (2, pytest.approx(np.mean(first)), 2)
    assert of["focal (published)"] == (4, pytest.approx(np.mean(first)), 2)


def test_other_parameters_under_one_name_are_another_loss(tmp_path: Path) -> None:
    other = SUITE.replace('"focal"', '{ name = "focal", gamma = 7.5 }').replace('"tuned"', '"other"')
    write(tmp_path, [each for each in scored(text=other) if each["cell"]["loss"]["id"] == "focal"], "other")
    write(tmp_path, scored())
    grid = Grid(merge([tmp_path]).cells)
    assert grid.losses == ("bce", "focal (gamma=2.0)", "focal (gamma=7.5)", "supcon")


def test_the_report_says_what_tuning_bought(tmp_path: Path) -> None:
    page = build([write(tmp_path / "results", scored())], tmp_path / "report", cells=True, against=[])
    text = page.read_text(encoding="utf-8")
    assert 'id="tuning-title"' in text
    assert "Random search tuned" in text
    assert (page.parent / "figures" / "tuning-1.svg").exists()
    table = (page.parent / "tables" / "tuning.csv").read_text(encoding="utf-8")
    assert len(table.splitlines()) == 1 + 2 * 3
    every = pd.read_csv(page.parent / "tables" / "trials.csv")
    assert len(every) == 3 * 2 * 2 * 4
    assert every["chosen"].sum() == 3 * 2 * 2


def test_a_report_without_tuning_does_not_speak_of_it(tmp_path: Path) -> None:
    plain = parse_suite(UNTUNED, "plain.toml").cells()
    page = build([write(tmp_path / "results", [record(cell, 0.5, 0.5) for cell in plain])], tmp_path / "report",
                 cells=False, against=[])  # fmt: skip
    text = page.read_text(encoding="utf-8")
    assert 'id="tuning-title"' not in text
    assert "Random search tuned" not in text
    assert not (page.parent / "tables" / "tuning.csv").exists()


@pytest.mark.parametrize("at_edge", [True, False])
def test_the_page_says_how_often_an_edge_was_chosen(tmp_path: Path, at_edge: bool) -> None:
    trials = trials_of()
    for each in trials:
        trial = each["cell"]["trial"]
        trial["edges"] = ["train/head_lr"] if at_edge and contest(each)[2] == "bce" else []
    finals = finals_of(trials)
    merged = merge([write(tmp_path, [*trials, *finals])])
    grid = Grid(merged.cells)
    assert edges_chosen(merged.trials) == ((4, {"head_lr": 4}, 12) if at_edge else (0, {}, 12))
    said = " ".join(protocol(grid, merged.trials))
    assert ("4 of 12 choices lie at an edge of the shared grid (head lr 4)" in said) == at_edge
    assert ("None of 12 choices lies at an edge of the shared grid." in said) == (not at_edge)
    found = budget(grid, merged.trials, 0)
    assert found is not None
    assert dict(zip(grid.losses, found.edge.tolist(), strict=True)) == {
        "bce": 2 * at_edge,
        "focal": 0,
        "supcon": 0,
    }


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


def test_what_was_tried_is_named_where_the_suites_own_values_are_chosen(tmp_path: Path) -> None:
    trials = trials_of()
    for each in trials:
        if each["cell"]["trial"]["number"] == 0:
            each["metrics"]["validation"]["map"] = 2.0
    records = [*trials, *finals_of(trials)]
    for each in records:
        each["timing"] = {"total": 3600.0}
    merged = merge([write(tmp_path, records)])
    grid = Grid(merged.cells)
    said = protocol(grid, merged.trials)
    assert any("tuned along with them (head lr" in line for line in said)
    assert any("with trials on seed 0; the first" in line for line in said)
    assert any("best on validation, by mAP, were trained anew" in line for line in said)
    assert not any("head lr 0.001" in line for line in said), "as if it were shared by all cells"
    assert ("training and scoring", f"{len(records)}.0 hours") in environment(grid, merged.trials)


@pytest.mark.parametrize("fraction", [None, 0.1])
@pytest.mark.parametrize("elsewhere", [None, "encoder", "train"])
def test_the_page_says_where_trials_were_tried(
    tmp_path: Path, fraction: float | None, elsewhere: str | None
) -> None:
    """At a fraction for all others, and with another encoder or protocol than the finals. That trials are spared the
    bootstrap and the probe is no other protocol."""
    tried = {
        "encoder": 'tuned_with = { encoder = "lsa" }\n',
        "train": 'tuned_with = { encoder = "bag", train = { epochs = 7 } }\n',
    }
    text = SUITE + (tried[elsewhere] if elsewhere else "")
    if fraction:
        text = text.replace("trials = 4", f"trials = 4\nfraction = {fraction}")
    records = scored(text=text)
    assert all("spared" in each["cell"]["trial"] for each in records)
    merged = merge([write(tmp_path, records)])
    said = " ".join(protocol(Grid(merged.cells), merged.trials))
    assert ("Each dataset and fraction was tuned by itself, with trials on seed 0" in said) == (not fraction)
    at = "Each dataset was tuned at fraction 0.1 for all fractions, with trials on seed 0"
    assert (at in said) == bool(fraction)
    assert ("The trials had another encoder or another protocol" in said) == bool(elsewhere)


def test_one_trial_is_no_tuning(tmp_path: Path) -> None:
    merged = merge([write(tmp_path, scored(text=SUITE.replace("trials = 4", "trials = 1")))])
    assert not any("andom search" in line for line in protocol(Grid(merged.cells), merged.trials))


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


@pytest.mark.parametrize("seeds", [[0], [5, 6]])
def test_the_numbers_of_the_budget(tmp_path: Path, seeds: list[int]) -> None:
    text = SUITE.replace("trials = 4", f"trials = 4\nseeds = {seeds}")
    trials = trials_of(text, 5, 6)
    table: dict[Any, Any] = defaultdict(dict)
    for each in trials:
        cell, metrics = each["cell"], each["metrics"]
        table[contest(each)][cell["trial"]["number"], cell["seed"]] = [
            metrics[split]["map"] for split in metrics
        ]
    means = {where: np.array([[found[number, seed] for seed in seeds] for number in range(4)]).mean(1)
             for where, found in table.items()}  # fmt: skip
    best = {where: int(scores[:, 0].argmax()) for where, scores in means.items()}
    finals = [
        record(final.cell(best[final.plain.dataset, final.fraction, final.plain.loss.id]), 0.5, 0.5)
        for final in parse_suite(text, "suite.toml").grid().finals
    ]
    merged = merge([write(tmp_path, [*trials, *finals])])
    grid = Grid(merged.cells)
    found = budget(grid, merged.trials, grid.fractions.index(1.0))
    assert found is not None
    for place, loss in enumerate(grid.losses):
        contests = [(dataset, 1.0, loss) for dataset in grid.task_names]
        own = [means[where][0, 1] for where in contests]
        tuned = [means[where][best[where], 1] for where in contests]
        assert found.own[place] == pytest.approx(np.mean(own))
        assert found.tuned[place] == pytest.approx(np.mean(tuned))
        assert found.gain[place] == pytest.approx(np.mean(tuned) - np.mean(own))
        assert np.isnan(found.deviation[place]) == (len(seeds) == 1)
        assert found.expected[place, 0] == pytest.approx(np.mean(own))
        assert found.expected[place, -1] == pytest.approx(np.mean(tuned))
        assert found.trials[place] == 4
        assert found.tasks[place] == 2
        assert found.kept[place] == sum(best[where] == 0 for where in contests)
