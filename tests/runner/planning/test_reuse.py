"""What a record that another suite takes over says of its dataset."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbench.records import Keep, Store
from mlbench.runner.planning.reuse import take_over
from mlbench.runner.scheduling.job import CellTask
from mlbench.suite import Cell, parse_suite


def cell(suite: str, table: str) -> Cell:
    text = (
        f'name = "{suite}"\nseeds = [0]\nfractions = [1.0]\nlosses = ["bce"]\n[[datasets]]\nencoder = "bag"\n'
    )
    [only] = parse_suite(text + table, suite).cells()
    return only


@pytest.mark.parametrize(
    ("tables", "family", "expected"),
    [
        (('name = "mine"\npath = "m.csv"', 'name = "tickets"\npath = "m.csv"'), "mine", "tickets"),
        (('name = "mine"\npath = "m.csv"', 'name = "tickets"\npath = "m.csv"'), "desk", "desk"),
        (('name = "synthetic-topics"', 'name = "synthetic-topics"\nid = "topics"'), "synthetic-topics", ""),
    ],
)
def test_a_family_that_was_the_shown_name_is_the_new_one(
    tmp_path: Path, tables: tuple[str, str], family: str, expected: str
) -> None:
    """A built-in dataset's family is that of its card, even where the other suite called it so too."""
    here, there = cell("here", tables[0]), cell("there", tables[1])
    source, target = Store(tmp_path / "here"), Store(tmp_path / "there")
    source.prepare()
    target.prepare()
    task = CellTask(here, "a" * 20, source, "data", Keep("none"), None, True, "source")
    done = {"status": "done", "error": None, "metrics": {}, "dataset": {"family": family}}
    source.write({**task.record(), **done})
    assert take_over("a" * 20, there, source, target)
    record = target.read("a" * 20)
    assert record["cell"]["dataset"] == there.dataset
    assert record["dataset"]["family"] == (expected or family)
