"""Records of others: what holds is written as a folder, what does not is named and nothing is written."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlbench.errors import DataError
from mlbench.records import Store
from mlbench.runner import RunOptions, run_suites
from mlbench.runner.submission import check_records, submit
from mlbench.suite import parse_suite
from tests.cli.test_commands import mlbench

SUITE = """
name = "tiny"
seeds = [0, 1]
fractions = [1.0]
losses = ["bce", "zlpr", { name = "bce", repeats = "bce" }]
train = { epochs = 1, min_steps = 5, evaluations = 1, probe_steps = 5 }
[[datasets]]
name = "synthetic-features"
samples = 300
labels = 9
encoder = "features"
"""
Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    run_suites([parse_suite(SUITE, "tiny.toml")], RunOptions(results=folder, device="cpu", jobs=1))
    return folder


@pytest.fixture
def records(results: Path) -> list[dict[str, Any]]:
    """As a clean checkout would have made them."""
    found = []
    for record in Store(results / "tiny").records():
        assert isinstance(record, dict)
        record["environment"]["git_dirty"] = False
        found.append(copy.deepcopy(record))
    return found


def put(*path: str, value: Any) -> Change:
    """Sets what a path of keys leads to."""

    def change(record: dict[str, Any]) -> None:
        *outer, last = path
        table = record
        for key in outer:
            table = table[key]
        table[last] = value

    return change


def test_records_of_this_mlbench_hold(records: list[dict[str, Any]]) -> None:
    assert len(records) == 6
    assert check_records(records) == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (put("cell", "seed", value=7), "its id is not that of what it says was trained"),
        (put("cell", "train", "epochs", value=50), "its id is not that"),
        (put("dataset", "fingerprint", value="f" * 32), "its id is not that"),
        (put("cell", "loss", "name", value="no_such_loss"), "unknown loss 'no_such_loss'"),
        (put("cell", "train", value={}), "its id is not that"),
        (put("metrics", "test", "map", value=1.5), "metrics, test, map: 1.5 is no value of it"),
        (put("metrics", "test", "map", value=float("nan")), "nan is no value of it"),
        (put("floor_metrics", "test", "hamming_loss@0.5", value=-0.1), "-0.1 is no value of it"),
        (put("metrics", "test", "no_such_metric", value=0.5), "unknown metric 'no_such_metric'"),
        (put("code", "training", value=2), "it is of TRAINING_VERSION 2"),
        (put("code", "loss_source", value="0" * 16), "is another by now: `mlbench run --rerun stale`"),
        (put("environment", "git_dirty", value=True), "changes that no commit holds"),
        (put("history", "steps", value="many"), "history.steps: "),
        (put("cell", "loss", "parameters", value=None), "cell.loss.parameters: "),
    ],
)
def test_a_record_that_does_not_hold_is_named(
    records: list[dict[str, Any]], change: Change, what: str
) -> None:
    change(records[0])
    (fault,) = [fault for fault in check_records(records) if fault.where == records[0]["id"]]
    assert what in fault.what


def test_records_that_do_not_go_together_are_named(records: list[dict[str, Any]]) -> None:
    gone = [each for each in records if (each["cell"]["loss"]["id"], each["cell"]["seed"]) != ("zlpr", 1)]
    (fault,) = check_records(gone)
    assert (fault.where, "seed 1 there is no record of zlpr" in fault.what) == ("synthetic-features", True)
    longer = copy.deepcopy(records)
    longer[0]["history"]["steps"] += 1
    (fault,) = check_records(longer)
    assert "its losses had 2 different numbers of updates" in fault.what


def test_a_failure_is_a_reason_for_a_missing_number(records: list[dict[str, Any]]) -> None:
    failed = records[0]
    for key in ("metrics", "probe_metrics", "floor_metrics", "history", "dataset", "threshold", "timing"):
        del failed[key]
    failed |= {"status": "failed", "error": {"class": "oom", "message": "", "traceback": ""}}
    assert check_records(records) == []


def write(records: list[dict[str, Any]], folder: Path) -> Path:
    store = Store(folder / "tiny")
    store.prepare()
    for record in records:
        store.write(record)
    return folder


def test_the_folder_of_a_pull_request(records: list[dict[str, Any]], tmp_path: Path) -> None:
    place = write(records, tmp_path / "mine")
    folders, faults = submit(place, tmp_path / "out")
    assert (folders, faults) == ([tmp_path / "out" / "tiny"], [])
    assert sorted(file.name for file in folders[0].iterdir()) == ["README.md", "records.parquet"]
    assert Store(folders[0]).ids() == {record["id"] for record in records}
    text = (folders[0] / "README.md").read_text()
    assert "6 cells of the suite `tiny`" in text
    assert records[0]["dataset"]["fingerprint"] in text
    with pytest.raises(DataError, match="there is one already"):
        submit(place, tmp_path / "out")


def test_the_command_names_what_does_not_hold_and_writes_nothing(
    records: list[dict[str, Any]], tmp_path: Path
) -> None:
    records[0]["metrics"]["test"]["map"] = 2.0
    place = write(records, tmp_path / "mine")
    (place / "tiny" / "cells" / "broken.json").write_text("{")
    said = mlbench("submit", str(place), "-o", str(tmp_path / "out"), code=1)
    assert f"{records[0]['id']}: metrics, test, map: 2 is no value of it" in said.stdout
    assert "broken.json: not a whole record" in said.stdout
    assert not (tmp_path / "out").exists()
    good = mlbench("submit", str(write(records[1:], tmp_path / "few")), "-o", str(tmp_path / "out"), code=1)
    assert "there is no record of" in good.stdout
