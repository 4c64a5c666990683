"""A recorded cell trained again in this process, beside what its record says."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mlbench import datasets
from mlbench.cli import app
from mlbench.errors import ConfigError
from mlbench.records import SCHEMA, encode
from mlbench.runner.replay import NumberDifference, replay
from mlbench.runner.worker.environment import environment
from mlbench.suite import parse_suite
from mlbench.training import run_cell
from mlbench.version import TRAINING_VERSION

SUITE = """
name = "tiny"
seeds = [0]
fractions = [1.0]
losses = ["bce"]
train = { epochs = 1, min_steps = 5, evaluations = 1, probe = "needed", bootstrap = false }
[[datasets]]
name = "synthetic-features"
samples = 300
labels = 9
encoder = "features"
"""


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """The record of a cell that was trained here."""
    [cell] = parse_suite(SUITE, "tiny.toml").cells()
    dataset = datasets.load(cell.loader, cell.dataset_parameters, name=cell.dataset)
    return {
        "schema": SCHEMA,
        "id": cell.id(dataset.fingerprint),
        "suite": "tiny",
        "cell": cell.describe(),
        "status": "done",
        "error": None,
        "code": {"training": TRAINING_VERSION},
        "environment": environment(device="cpu", driver=None, cuda=None, threads=1),
        **run_cell(cell, dataset).parts,
    }


@pytest.fixture
def record(made: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """As it is read; what a replay sets in the environment is undone."""
    before = dict(os.environ)
    yield json.loads(encode(copy.deepcopy(made)))
    os.environ.clear()
    os.environ.update(before)


def test_a_cell_that_is_trained_again_has_the_numbers_of_its_record(record: dict[str, Any]) -> None:
    found = replay(record)
    assert found.compared > 100
    assert (found.differences, found.circumstances) == ((), ())


def test_what_differs_is_named_and_what_may_be_why(record: dict[str, Any]) -> None:
    right = record["metrics"]["test"]["map"]
    record["metrics"]["test"]["map"] = right + 0.25
    record["metrics"]["validation"]["map"] += 0.125
    del record["metrics"]["test"]["lrap"]
    record["code"]["training"] = TRAINING_VERSION - 1
    record["environment"]["packages"]["torch"] = "1.0"
    found = replay(record)
    assert [(each.split, each.key) for each in found.differences] == [
        ("test", "lrap"),
        ("test", "map"),
        ("validation", "map"),
    ]
    assert found.differences[0].recorded is None
    assert found.differences[1] == NumberDifference("metrics", "test", "map", right + 0.25, right)
    version, package = found.circumstances
    assert version == f"TRAINING_VERSION: {TRAINING_VERSION - 1} in the record, {TRAINING_VERSION} here"
    assert package.startswith("torch: 1.0 in the record, ")


def test_a_cell_that_fails_raises_what_it_raises(record: dict[str, Any]) -> None:
    record["cell"]["train"]["precision"] = "fp16"
    with pytest.raises(ConfigError, match="fp16"):
        replay(record)


def test_a_debugger_starts_where_the_cell_fails(record: dict[str, Any], tmp_path: Path) -> None:
    record["cell"]["train"]["precision"] = "fp16"
    error = {"class": "oom", "message": "CUDA out of memory", "traceback": ""}
    file = tmp_path / "failed.json"
    file.write_text(encode({**record, "status": "failed", "error": error}), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mlbench", "cell", str(file), "--pdb"],
        input="p protocol if 'protocol' in dir() else precision\nquit\n",
        capture_output=True,
        text=True,
        timeout=300,
        cwd=tmp_path,
    )
    assert done.returncode == 1
    assert "the cell fails here otherwise than in its record: oom: CUDA out of memory" in done.stdout
    assert "(Pdb) 'fp16'" in done.stdout
    assert "in check_precision" in done.stderr


LOSS = '''
import mlbench


@mlbench.register_loss("loud")
class Loud(mlbench.Loss):
    """Clears the screen. | Nobody, 2026"""

    needs = {"logits"}
    search_space = {}

    def forward(self, out, targets):
        raise RuntimeError("\\x1b[2J\\udce9")
'''


def test_what_a_cell_raises_is_shown_fit(record: dict[str, Any], tmp_path: Path) -> None:
    plugin, file = tmp_path / "loud.py", tmp_path / "loud.json"
    plugin.write_text(LOSS, encoding="utf-8")
    record["cell"]["loss"] = {"name": "loud", "id": "loud", "parameters": {}}
    file.write_text(encode(record), encoding="utf-8")
    for command in (["cell", str(file)], ["cell", str(file), "--json"], ["check", "loss", "loud"]):
        done = subprocess.run(
            [sys.executable, "-m", "mlbench", *command, "--plugin", str(plugin)],
            capture_output=True,
            text=True,
            timeout=300,
            cwd=tmp_path,
        )
        assert done.returncode == 1
        assert "x1b[2J" in done.stdout + done.stderr
        assert "\x1b" not in done.stdout + done.stderr


def test_a_device_that_is_not_there_is_no_failure_of_the_cell(record: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(encode(record), encoding="utf-8")
    done = CliRunner().invoke(app, ["cell", str(tmp_path / "a.json"), "--device", "nonsense"])
    assert isinstance(done.exception, ConfigError)
