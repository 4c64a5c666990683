"""Any JSON in a folder of results is left out by name, whatever of it is wrong, and no command dies of it."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from mlbench.cli import app
from mlbench.errors import ConfigError, MlbenchError
from mlbench.records import RecordError, Store, load_records
from mlbench.records.codec import check, decoded
from mlbench.runner import status
from mlbench.suite import parse_suite
from tests.records.least import LEAST_CELL

CELL = {
    **LEAST_CELL,
    "loader": "synthetic-features",
    "dataset_parameters": {},
    "encoder_options": {},
    "loss": {"name": "bce", "id": "bce", "parameters": {}},
    "train": {},
}
RECORD: dict[str, Any] = {
    "schema": 1,
    "id": "a" * 20,
    "suite": "s",
    "status": "done",
    "error": None,
    "cell": CELL,
    "code": {"loss_source": "x", "training": 3},
    "metrics": {"validation": {"map": 0.5}, "test": {"map": 0.5}},
    "timing": {"total": 1.0},
}
VALUES = [None, 1, -1.5, "text", [], [1], {}, {"a": 1}, True, [[None]], {"test": 3}, {"id": []}]


def places(value: Any, at: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [at] if at else []
    if isinstance(value, dict):
        for key, item in value.items():
            found += places(item, (*at, key))
    return found


def changed(at: tuple[str, ...], value: Any, remove: bool = False) -> dict[str, Any]:
    record = copy.deepcopy(RECORD)
    inner = record
    for key in at[:-1]:
        inner = inner[key]
    if remove:
        del inner[at[-1]]
    else:
        inner[at[-1]] = value
    return record


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A results root with a good record, every part of one wrong in turn, and what is no file."""
    cells = tmp_path / "results" / "s" / "cells"
    cells.mkdir(parents=True)
    (cells / f"{RECORD['id']}.json").write_text(json.dumps(RECORD))
    number = 0
    for at in places(RECORD):
        for value in (*VALUES, KeyError):
            number += 1
            name = f"b{number:019d}"
            record = changed(at, value, value is KeyError)
            if at != ("id",):
                record["id"] = name
            (cells / f"{name}.json").write_text(json.dumps(record))
    for name, text in (
        ("c1", "[1]"),
        ("c2", "3"),
        ("c3", ""),
        ("c4", '{"schema": 1'),
        ("c5", "[" * 5000),
        ("c6", "\0"),
        ("c7", json.dumps({**RECORD, "id": "../../x"})),
        ("c8", '{"schema": 1, "id": "c8", "suite": "s", "status": "failed", "error": {"class": "oom"}}'),
    ):
        (cells / f"{name}.json").write_text(text)
    (cells / "folder.json").mkdir()
    os.mkfifo(cells / "pipe.json")
    (cells / "link.json").symlink_to("nowhere")
    return tmp_path / "results"


def test_what_is_wrong_is_left_out_by_name(hostile: Path) -> None:
    store, problems = Store(hostile / "s"), list[str]()
    heads = list(store.heads(problems))
    records = [record for record in store.records() if isinstance(record, dict)]
    faults = [str(record) for record in store.records() if isinstance(record, RecordError)]
    assert RECORD["id"] in {record["id"] for record in records}
    assert all(isinstance(head["cell"]["loss"]["name"], str) for head in heads)
    assert any("folder.json: not a file" in each for each in problems)
    assert any("pipe.json: not a file" in each for each in faults)
    assert any("c7.json" in each for each in faults)
    for told in (*problems, *faults):
        assert str(hostile) in told
    frame = load_records(hostile)
    assert len(frame) == len(records)
    (suite,) = status(hostile).suites
    assert len(suite.problems) > 50
    packed = store.pack(("map",))
    assert packed.is_file()


@pytest.mark.parametrize(
    "command",
    ["status {}", "status {} --json", "plan quick --results {}", "rescore {}", "pack {}", "report {} -o {}-out",
     "recommend --like synthetic-features --results {}", "compare bce asl --results {}"],
)  # fmt: skip
def test_no_command_dies_of_it(hostile: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(hostile.parent)
    done = CliRunner().invoke(app, command.format(hostile, hostile).split())
    assert done.exception is None or isinstance(done.exception, SystemExit | MlbenchError), done.exc_info


@given(st.sampled_from(places(RECORD)), st.recursive(st.none() | st.booleans() | st.integers() | st.floats() |
       st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5))  # fmt: skip
@settings(max_examples=int(os.environ.get("MLBENCH_FUZZ", "200")), deadline=None)
def test_a_record_is_one_or_is_told_not_to_be(at: tuple[str, ...], value: Any) -> None:
    text = json.dumps(changed(at, value)).encode()
    found = decoded(text, "here")
    if isinstance(found, RecordError):
        assert str(found).startswith("here: ")
    else:
        check(found, "here")


@pytest.mark.parametrize("name", ["cells", "scores", "tmp", "claims", "locks", "checkpoints"])
def test_a_suite_called_as_a_folder_of_stores_is_refused(name: str) -> None:
    text = f'name = "{name}"\nlosses = ["bce"]\n[[datasets]]\nname = "synthetic-features"\nencoder = "features"\n'
    with pytest.raises(ConfigError, match="choose another"):
        parse_suite(text, "s.toml")
