"""The sentences: what they say, and that they follow the numbers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlbench.records import Store, load_records
from mlbench.report.analysis import Analysis, View
from mlbench.report.data.grid import Grid
from mlbench.report.figures.style import line_styles
from mlbench.report.page.board import board
from mlbench.report.tables.formats.markdown import to_markdown
from mlbench.report.tables.scores import score_table
from mlbench.report.text.answer import answer
from mlbench.report.text.caveats import caveats
from mlbench.report.text.evidence import evidence
from tests.report.synthetic import World, records, write

VIEW = View("map", "own", 0)


def analysis_of(folder: Path, **world: object) -> Analysis:
    return Analysis(Grid(load_records(write(folder, World(fractions=(1.0,), keys=("map",), **world)))))  # type: ignore[arg-type]


def families(number: int) -> tuple[str, ...]:
    return tuple(f"set-{letter}" for letter in "abcdefghijklmnop"[:number])


def test_the_answer_names_the_leader_its_spread_and_the_runner_up(tmp_path: Path) -> None:
    skills = {"bce": 0.0, "asl": 0.1, "focal": 0.2}
    analysis = analysis_of(tmp_path, losses=skills, datasets=families(9))
    lines, blocks = answer(analysis, VIEW), analysis.blocks(VIEW)
    assert blocks is not None
    assert lines[0] == "focal leads, ahead of all others"
    assert "average rank is 1.00 of 3 over 9 families of datasets (95 % interval 1.0 to 1.0)" in lines[1]
    gap = blocks.differences("focal", "asl").mean()
    assert lines[2].startswith(f"asl comes next: focal is {gap:.3f} better (95 % interval ")
    low, high = map(float, re.findall(r"(\d\.\d{3}) better", lines[2].split("interval")[1])[:2])
    assert low < gap < high
    assert lines[3].startswith(f"Against bce focal is {blocks.differences('focal', 'bce').mean():.3f} better")
    assert "significantly different). Across families: focal is better than bce: " in lines[3]


def test_what_is_not_significantly_different_is_not_said_to_lead_alone(tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path, losses={"bce": 0.0, "asl": 0.0}, datasets=families(4))
    assert "it cannot be tested which others may be as good" in answer(analysis, VIEW)[0]
    assert evidence(analysis, VIEW)[0] == (
        "Which losses may be the best can be tested over 6 families or more; here are 4."
    )


def test_losses_with_equal_scores_are_level(tmp_path: Path) -> None:
    folder = write(tmp_path, World(losses={"bce": 0.0, "asl": 0.0}, datasets=families(4), keys=("map",)))
    cells = load_records(folder)
    of = [column for column in cells.columns if column.endswith("/map")]
    cells[of] = 1.0
    assert answer(Analysis(Grid(cells)), VIEW)[0] == "asl and bce are level"


def test_a_tiny_test_split_is_warned_of(tmp_path: Path) -> None:
    folder = write(tmp_path, World(losses={"bce": 0.0, "asl": 0.1}, datasets=families(2), keys=("map",)))
    cells = load_records(folder)
    assert not any("test split" in line for line in caveats(Analysis(Grid(cells)), []))
    cells.loc[cells["dataset"] == "set-a", "dataset/sizes/test"] = 1
    assert "A test split of fewer than 50 rows says little: set-a (1 row)." in caveats(
        Analysis(Grid(cells)), []
    )


@pytest.mark.parametrize(("first", "last"), [(0, 0), (1, 0), (4, 0), (0, 8), (0, 12), (3, 9)])
def test_where_the_first_or_the_last_evaluation_is_often_the_best_it_is_said(
    tmp_path: Path, first: int, last: int
) -> None:
    """Of 16 cells with three evaluations: the first in more than a fifth, the last in more than half."""
    folder = write(
        tmp_path,
        World(
            losses={"bce": 0.0, "asl": 0.1},
            datasets=families(4),
            keys=("map",),
            seeds=(0, 1),
            fractions=(1.0,),
        ),
    )
    cells = load_records(folder)
    assert len(cells) == 16
    steps = [10] * first + [30] * last + [20] * (16 - first - last)
    evaluations = [{"step": step, "metrics": {}} for step in (10, 20, 30)]
    cells["history/selected_step"] = steps
    cells["history/evaluations"] = [evaluations] * 16
    said = caveats(Analysis(Grid(cells)), [])
    early = (
        f"The first evaluation was the best on validation in {first} of 16 cells: there a shorter training"
    )
    late = f"The last evaluation was the best on validation in {last} of 16 cells: there a longer training"
    assert any(line.startswith(early) for line in said) == (first > 3)
    assert any(line.startswith(late) for line in said) == (last > 8)


def test_two_losses_alike_are_so_where_a_third_is_far_ahead(tmp_path: Path) -> None:
    """The one far ahead is not ranked, but the best of three datasets."""
    write(tmp_path, World(losses={"good": 0.3, "also": 0.3, "bce": 0.0}, datasets=families(5), fractions=(1.0,),
                          keys=("map",)))  # fmt: skip
    analysis = analysis_of(
        tmp_path,
        losses={"one": 0.6},
        datasets=families(5),
        suite="one",
        missing=[("one", f"set-{letter}", None, None) for letter in "bc"],
    )
    lines = answer(analysis, VIEW)
    assert analysis.blocks(VIEW).excluded_losses == ("one",)  # type: ignore[union-attr]
    assert any(
        "; within the datasets the two are not significantly different on 5 of 5 (Holm over all pairs)."
        in line
        for line in lines
    )


def test_fewer_seeds_than_there_are_is_said(tmp_path: Path) -> None:
    write(
        tmp_path,
        World(losses={"mine": 0.2}, seeds=(0, 1, 2, 3, 4), fractions=(1.0,), keys=("map",), suite="mine"),
    )
    lines = answer(analysis_of(tmp_path, losses={"bce": 0.0, "asl": 0.0}, seeds=(0, 1)), VIEW)
    assert lines[0] == "mine ranks first; over 5 families it cannot be tested which others may be as good"
    assert lines[-1] == (
        "Losses are compared on the seeds that all of them finished: on 6 of 6 datasets these are not all seeds, at "
        "worst 2 of 5."
    )
    assert "Losses are compared" not in " ".join(answer(analysis_of(tmp_path / "all"), VIEW))


def test_a_loss_left_alone_is_not_said_to_be_the_only_one_here(tmp_path: Path) -> None:
    failed = [("asl", None, None, None)]
    lines = answer(analysis_of(tmp_path, losses={"bce": 0.0, "asl": 0.0}, failed=failed), VIEW)
    assert lines[0].startswith("Only bce can be ranked")
    assert lines[1] == "Not ranked, since results are missing or failed: asl."


def test_what_is_not_defined_is_neither_missing_nor_failed(tmp_path: Path) -> None:
    """Of `focal` and of `set-a` no finished cell has the number; `asl` failed on `set-b` and is missing on `set-c`."""
    store = Store(tmp_path / "suite")
    store.prepare()
    world = World(
        losses={"bce": 0.0, "asl": 0.0, "focal": 0.0, "supcon": 0.0},
        datasets=families(5),
        fractions=(1.0,),
        keys=("map",),
        failed=[("asl", "set-b", None, None)],
        missing=[("asl", "set-c", None, None)],
    )
    for record, _ in records(world):
        if record["status"] == "done" and (
            record["cell"]["loss"]["id"] == "focal" or record["cell"]["dataset"] == "set-a"
        ):
            del record["metrics"]["test"]["map"]
        store.write(record)
    analysis = Analysis(Grid(load_records(tmp_path)))
    lines = answer(analysis, VIEW)
    assert "Not ranked, since results are missing or failed: asl." in lines
    assert "Not ranked, since the metric is not defined for them: focal." in lines
    assert "Left out of the ranks, since the metric is not defined there: set-a." in lines
    assert not any("losses are missing there" in line for line in lines)
    scores = score_table(analysis.grid, "own", analysis.measures["map"], 0, analysis.blocks(VIEW), {})
    asl, focal = (
        next(row for row in scores.rows if row.entries[0].text == loss).entries[3:]
        for loss in ("asl", "focal")
    )
    assert [entry.plain for entry in asl[:3]] == ["– (not defined)", "failed: oom", "– (missing)"]
    assert [(entry.muted, entry.bad) for entry in asl[:3]] == [(True, False), (False, True), (False, True)]
    assert {(entry.plain, entry.muted, entry.bad) for entry in focal} == {("– (not defined)", True, False)}
    assert to_markdown(scores).count("missing") == 1


def test_who_is_first_together_with_others_is_not_first_on_half_a_family(tmp_path: Path) -> None:
    """On set-a two losses tie for the first place; elsewhere one of them is alone there."""
    cells = load_records(write(tmp_path, World(losses={"bce": 0.0, "asl": 0.1, "focal": -0.1}, datasets=families(5),
                                               fractions=(1.0,), keys=("map",))))  # fmt: skip
    tied = (cells["dataset"] == "set-a") & cells["loss"].isin(["bce", "asl"])
    cells.loc[tied, "metrics/test/map"] = 0.9
    analysis = Analysis(Grid(cells))
    assert answer(analysis, VIEW)[1].endswith(
        "and it is first on 5 of them, on 1 of these together with others."
    )
    assert [row.first for row in board(analysis, VIEW, line_styles(("asl", "bce", "focal"), ()))] == [
        "5 of 5 (1 shared)", "1 of 5 (1 shared)", "0 of 5"]  # fmt: skip
    alone = analysis_of(tmp_path / "alone", losses={"bce": 0.0, "asl": 0.1}, datasets=families(5))
    assert answer(alone, VIEW)[1].endswith("and it is first on 5 of them.")
    one = analysis_of(tmp_path / "one", losses={"bce": 0.0, "asl": 0.1}, datasets=families(1))
    assert "first on" not in answer(one, VIEW)[1], "the headline says so already"


def test_losses_that_are_level_have_a_rank_each(tmp_path: Path) -> None:
    folder = write(tmp_path, World(losses={"bce": 0.0, "asl": 0.0}, datasets=families(4), keys=("map",)))
    cells = load_records(folder)
    cells[[column for column in cells.columns if column.endswith("/map")]] = 1.0
    lines = answer(Analysis(Grid(cells)), VIEW)
    assert lines[0] == "asl and bce are level"
    assert lines[1].startswith("The average rank of each is 1.50 of 2 over 4 families of datasets")
    assert "it is first" not in lines[1]


def test_a_metric_that_is_never_ranked_has_no_leader(tmp_path: Path) -> None:
    """Thresholds that saw the test split are an upper bound; those of validation rank."""
    world = World(
        fractions=(1.0,),
        keys=("map", "f1_micro@oracle"),
        losses={"bce": 0.0, "asl": 0.1},
        datasets=families(3),
    )
    analysis = Analysis(Grid(load_records(write(tmp_path, world))))
    assert answer(analysis, View("f1_micro@oracle", "own", 0))[0] == "This metric is never ranked."
    assert answer(analysis, VIEW)[0].startswith("asl ranks first")


@pytest.mark.parametrize(("failed", "nothing"), [((1, 2), True), ((2,), False)])
def test_nothing_is_compared_where_no_loss_finished_half_of_its_seeds(
    failed: tuple[int, ...], nothing: bool, tmp_path: Path
) -> None:
    cells = [(None, None, None, seed) for seed in failed]
    analysis = analysis_of(tmp_path, losses={"bce": 0.0, "asl": 0.1}, seeds=(0, 1, 2), failed=cells)
    lines = answer(analysis, VIEW)
    assert (
        lines == ["Nothing can be compared here.", "No loss finished half of its seeds on any dataset."]
    ) == nothing
    assert (analysis.blocks(VIEW) is None) == nothing
    assert bool(evidence(analysis, VIEW)) != nothing
