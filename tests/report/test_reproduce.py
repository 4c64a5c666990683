"""From records back to suites: the command of a cell makes the very same cell."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path

import pytest

from mlbench.records import Store, load_records
from mlbench.report.reproduce import write_suites
from mlbench.suite import load_suite, parse_suite
from tests.report.synthetic import World, write

SUITE = """
name = "mixed"
seeds = [0, 1]
fractions = [0.1, 200, 1.0]
losses = ["bce", "supcon", { name = "asl", id = "asl-mild", gamma_neg = 2.0 }]
[train]
epochs = 3
time_limit = "2h"
[[datasets]]
name = "digit-scenes"
encoder = "conv"
train = { epochs = 2 }
[[datasets]]
name = "synthetic-topics"
id = "topics"
labels = 20
encoder = { name = "bag" }
[[datasets]]
name = "mine"
path = "mine.csv"
text = "body"
encoder = "bag"
"""


def store_of(folder: Path, text: str, name: str = "mixed") -> dict[str, str]:
    """Records of every cell of a suite, without their results; returns the ids by what the cell is called."""
    store = Store(folder / name)
    store.prepare()
    ids = {}
    for cell in parse_suite(text, "suite.toml").cells():
        identifier = cell.id(f"fingerprint of {cell.dataset}")
        ids[str(cell)] = identifier
        store.write(
            {"schema": 1, "id": identifier, "suite": cell.suite, "cell": cell.describe(), "status": "done",
             "error": None, "metrics": {"test": {"map": 0.5}}}
        )  # fmt: skip
    return ids


def cells_of_command(command: str, by: str = "dataset") -> list[str]:
    """The ids of the cells that a command would run, on data that their attribute `by` tells apart."""
    words = shlex.split(command)
    assert words[:2] == ["mlbench", "run"]
    options = dict(zip(words[3::2], words[4::2], strict=True))
    assert options.pop("--results") == "reproduced"
    return [
        cell.id(f"fingerprint of {getattr(cell, by)}")
        for cell in load_suite(Path(words[2])).cells()
        if (cell.dataset, cell.loss.id) == (options["--dataset"], options["--loss"])
        and cell.fraction == float(options["--fraction"])
        and str(cell.seed) == options["--seed"]
    ]


def test_the_command_of_every_cell_makes_that_cell(tmp_path: Path) -> None:
    ids = store_of(tmp_path / "results", SUITE)
    commands = write_suites(load_records(tmp_path / "results"), tmp_path / "suites")
    assert set(commands) == set(ids.values())
    for identifier, command in commands.items():
        assert cells_of_command(command) == [identifier]


def test_a_suite_that_was_edited_between_runs_becomes_two(tmp_path: Path) -> None:
    ids = store_of(tmp_path / "results", SUITE)
    ids |= {f"{name}, later": value for name, value in
            store_of(tmp_path / "results", SUITE.replace("gamma_neg = 2.0", "gamma_neg = 3.0")).items()}  # fmt: skip
    commands = write_suites(load_records(tmp_path / "results"), tmp_path / "suites")
    assert sorted(file.name for file in (tmp_path / "suites").iterdir()) == ["mixed-2.toml", "mixed.toml"]
    for identifier in set(ids.values()):
        assert cells_of_command(commands[identifier]) == [identifier]


def test_a_fraction_of_many_digits_is_written_whole(tmp_path: Path) -> None:
    ids = store_of(tmp_path / "results", SUITE.replace("[0.1, 200, 1.0]", f"[{1 / 30!r}, 1234567, 1.0]"))
    commands = write_suites(load_records(tmp_path / "results"), tmp_path / "suites")
    for identifier in ids.values():
        assert cells_of_command(commands[identifier]) == [identifier]


def test_versions_of_a_suite_take_no_other_suites_name(tmp_path: Path) -> None:
    ids = list(store_of(tmp_path / "results", SUITE).values())
    for name, gamma in (("mixed", 3.0), ("mixed-2", 4.0), ("mixed+2", 5.0)):
        text = SUITE.replace('"mixed"', f'"{name}"').replace("gamma_neg = 2.0", f"gamma_neg = {gamma}")
        ids += store_of(tmp_path / "results", text, name).values()
    commands = write_suites(load_records(tmp_path / "results"), tmp_path / "suites")
    for identifier in set(ids):
        assert identifier in cells_of_command(commands[identifier])
    files = {path.name: tomllib.loads(path.read_text()) for path in (tmp_path / "suites").iterdir()}
    names = {file: suite["name"] for file, suite in files.items()}
    assert names["mixed.toml"] == "mixed"
    assert names["mixed-2.toml"] in ("mixed-2", "mixed+2")
    assert len(set(names.values())) == len(names) == len(files)


@pytest.mark.parametrize("name", ["../../evil", "a b; rm -rf /", "<script>", "'quote\"", "=cmd|x"])
def test_names_from_records_are_quoted_and_stay_in_the_folder(name: str, tmp_path: Path) -> None:
    write(
        tmp_path / "results",
        World(losses={"bce": 0.0}, datasets=(name,), seeds=(0,), fractions=(1.0,), keys=("map",)),
    )
    cells = load_records(tmp_path / "results").assign(suite=name)
    commands = write_suites(cells, tmp_path / "suites")
    files = [file for file in (tmp_path / "suites").rglob("*") if file.is_file()]
    assert len(files) == 1
    assert files[0].parent == tmp_path / "suites"
    assert tomllib.loads(files[0].read_text())["datasets"][0]["name"] == name
    words = shlex.split(next(iter(commands.values())))
    assert words[words.index("--dataset") + 1] == name
