"""The sentences: what they say, and that they follow the numbers."""

from __future__ import annotations

import re
from pathlib import Path

from mlbench.records import load_records
from mlbench.report.analysis import Analysis, View
from mlbench.report.grid import Grid
from mlbench.report.words import answer, no_diagram
from tests.report.synthetic import World, write

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
    low, high = map(float, re.findall(r"(\d\.\d{3}) better", lines[2].split("interval")[1]))
    assert low < gap < high
    assert lines[3].startswith(f"Against bce it is {blocks.differences('focal', 'bce').mean():.3f} better")
    assert lines[3].endswith("told apart).")


def test_what_cannot_be_told_apart_is_not_said_to_lead_alone(tmp_path: Path) -> None:
    lines = answer(analysis_of(tmp_path, losses={"bce": 0.0, "asl": 0.0}, datasets=families(4)), VIEW)
    assert "may be as good" in lines[0]
    assert any("4 families are too few to test 2 losses" in line for line in lines)


def test_too_few_families_for_all_pairs_are_counted(tmp_path: Path) -> None:
    few = analysis_of(tmp_path / "few", datasets=families(6)).blocks(VIEW)
    assert few is not None
    assert no_diagram(few) == (
        "No critical-difference diagram: 6 families are too few to test all 15 pairs of losses; 10 would do."
    )
    enough = analysis_of(tmp_path / "enough", datasets=families(10)).blocks(VIEW)
    assert enough is not None
    assert no_diagram(enough) == ""
    two = analysis_of(tmp_path / "two", losses={"bce": 0.0, "asl": 0.0}, datasets=families(10)).blocks(VIEW)
    assert two is not None
    assert "three losses" in no_diagram(two)
