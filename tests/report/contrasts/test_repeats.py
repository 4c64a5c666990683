"""A loss that was trained once more counts for nothing but itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mlbench.records import Store
from mlbench.report import compare, report
from mlbench.report.analysis import Analysis
from mlbench.report.contrasts.repeats import once_more
from mlbench.report.data.grid import Grid
from mlbench.report.data.merge import Merged, merge
from mlbench.suite import SEEDS_APART, Final, parse_suite
from tests.report.data.tuned.test_trials import finals_of, record, trials_of
from tests.report.data.tuned.test_trials import write as write_records
from tests.report.synthetic import World, records

SEVEN = tuple(f"data-{name}" for name in "abcdefg")
BASE = World(losses={"bce": 0.0, "asl": 0.03}, datasets=SEVEN, fractions=(1.0,), noise=0.004, ceiling=())
TUNED = """
name = "tuned"
seeds = [0, 1, 2]
fractions = [1.0]
losses = ["bce", "supcon", { name = "bce", repeats = "bce" }]
[tuning]
trials = 3
shared = { head_lr = [0.001, 0.002, 0.004] }
[[datasets]]
name = "synthetic-topics"
encoder = "bag"
"""


def world(folder: Path, *, ahead: float = 0.0, again: str = "bce-again") -> Path:
    """Two losses on seven families, and `bce` once more, by so much ahead of itself."""
    store = Store(folder / "synthetic")
    store.prepare()
    for each in _records(ahead, again):
        store.write(each)
    return folder


def _records(ahead: float, again: str) -> Iterator[Mapping[str, Any]]:
    yield from (each for each, _ in records(BASE))
    other = World(**{**vars(BASE), "losses": {again: ahead}, "suite": "once-more"})
    for each, _ in records(other):
        each["cell"]["loss"] |= {"name": "bce", "repeats": "bce"}
        each["cell"]["train"]["seed_shift"] = SEEDS_APART
        yield {**each, "suite": "synthetic"}


def said(merged: Merged) -> list[str]:
    return once_more(Analysis(Grid(merged.cells)), merged.repeats)


@pytest.mark.parametrize("again", ["bce-again", "asl", "a different name"])
def test_it_is_no_loss_whatever_it_is_called(tmp_path: Path, again: str) -> None:
    merged = merge([world(tmp_path, again=again)])
    assert set(merged.cells["loss"]) == {"bce", "asl"}
    assert len(merged.cells) == 2 * 7 * 3
    assert len(merged.repeats) == 7 * 3
    assert not merged.problems
    tasks = set(Grid(merged.cells).task_names)
    assert tasks == set(SEVEN), "the seeds of its own make no task of its own"


@pytest.mark.slow
def test_the_numbers_of_all_others_are_the_same_without_it(tmp_path: Path) -> None:
    report(world(tmp_path / "with", ahead=0.1), tmp_path / "one")
    plain = Store(tmp_path / "without" / "synthetic")
    plain.prepare()
    for each, _ in records(BASE):
        plain.write(each)
    report(tmp_path / "without", tmp_path / "other")
    for table in ("map", "control", "glance", "settings"):
        texts = [(tmp_path / made / "tables" / f"{table}.csv").read_text() for made in ("one", "other")]
        assert texts[0] == texts[1]
    assert str(compare("asl", "bce", results=tmp_path / "with")) == str(
        compare("asl", "bce", results=tmp_path / "without")
    )


def test_the_interval_of_a_loss_that_does_not_differ_from_itself_holds_0(tmp_path: Path) -> None:
    lines = said(merge([world(tmp_path)]))
    assert len(lines) == 3
    assert lines[0].startswith("mAP, 100 %: bce (once more) is ")
    assert all("The interval holds 0, as it should over 7 families." in line for line in lines)
    assert "By seeds alone the two means differ by 0.00" in lines[0]


def test_one_that_does_differ_is_said_to(tmp_path: Path) -> None:
    lines = said(merge([world(tmp_path, ahead=0.05)]))
    assert all("does not hold 0, though nothing differs but the seeds" in line for line in lines)


def test_with_few_families_there_is_no_interval_to_speak_of(tmp_path: Path) -> None:
    merged = merge([world(tmp_path)])
    few = {f"data-{name}" for name in "ab"}
    cells, repeats = (frame[frame["dataset"].isin(few)] for frame in (merged.cells, merged.repeats))
    lines = once_more(Analysis(Grid(cells)), repeats)
    assert lines
    assert not any("interval" in line for line in lines)


@pytest.mark.slow
def test_where_nothing_was_trained_twice_nothing_is_said(tmp_path: Path) -> None:
    merged = merge([world(tmp_path)])
    assert once_more(Analysis(Grid(merged.cells)), merged.repeats.iloc[:0]) == []
    report(world(tmp_path / "with"), tmp_path / "one")
    assert "The same loss twice" in (tmp_path / "one" / "index.html").read_text()
    assert "bce (once more) is" in (tmp_path / "one" / "report.md").read_text()


def test_of_a_tuned_loss_the_repetition_of_the_choice_counts(tmp_path: Path) -> None:
    trials = trials_of(TUNED)
    finals = finals_of(trials, TUNED.replace(', { name = "bce", repeats = "bce" }', ""))
    (number,) = {_number(each) for each in finals if each["cell"]["loss"]["id"] == "bce"}
    repetitions = [final for final in parse_suite(TUNED, "tuned.toml").grid().finals if final.repeat]
    again, other = (
        [_repetition(each, taken) for each in repetitions] for taken in (number, (number + 1) % 3)
    )
    merged = merge([write_records(tmp_path, [*trials, *finals, *again, *other])])
    assert set(merged.cells["loss"]) == {"bce", "supcon"}
    assert sorted(merged.repeats["seed"]) == [1, 2]
    assert set(merged.repeats["id"]) == {each["id"] for each in again}
    assert set(merged.trials["place"]) <= set(merged.cells["id"])
    assert any("2 final cells do not count" in problem for problem in merged.problems)


def _repetition(final: Final, number: int) -> dict[str, Any]:
    return record(final.cell(number), 0.5, 0.5)


def _number(each: dict[str, Any]) -> int:
    return int(each["cell"]["trial"]["number"])
