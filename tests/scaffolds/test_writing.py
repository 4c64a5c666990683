"""`mlbench new`: what it writes for each kind works as it stands, as a loose file that a cell is trained with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import mlbench
from mlbench.errors import ConfigError, UnknownNameError
from mlbench.scaffolds.writing import SCAFFOLDS, write

ROOT = Path(mlbench.__file__).parent.parent

SUITE = """
name = "with"
seeds = [0]
fractions = [1.0]
losses = ["{loss}"]
train = {{ epochs = 1, min_steps = 5, evaluations = 1, probe = "needed" }}
[[datasets]]
name = "{dataset}"
encoder = "{encoder}"
{parameters}
"""
CELLS = {
    "loss": {"loss": "my_loss"},
    "dataset": {"dataset": "my_dataset", "encoder": "bag", "parameters": ""},
    "metric": {},
    "encoder": {"encoder": "my_encoder"},
}
USUAL = {
    "loss": "bce",
    "dataset": "synthetic-features",
    "encoder": "features",
    "parameters": "samples = 200\nlabels = 8",
}
TRAIN = """
import json, sys
from pathlib import Path
from mlbench import datasets
from mlbench.datasets.fetching import fetch
from mlbench.registry import load_plugins
from mlbench.suite import parse_suite
from mlbench.training import run_cell

plugin, text, original = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
load_plugins([plugin])
if original.is_file():
    fetch(plugin.stem, {}, given=[original])
[cell] = parse_suite(text, "with.toml").cells()
result = run_cell(cell, datasets.load(cell.loader, cell.dataset_parameters))
print(json.dumps(sorted(result.parts["metrics"]["test"])))
"""


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MLBENCH_CACHE": str(folder / "cache")}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", SCAFFOLDS)
def test_a_loose_file_passes_its_test_and_a_cell_is_trained_with_it(kind: str, tmp_path: Path) -> None:
    """Its test tries all properties too."""
    name = f"my_{kind}"
    code, test = write(kind, name, tmp_path)
    assert (code, test) == (tmp_path / f"{name}.py", tmp_path / f"test_{name}.py")
    tested = run("-m", "pytest", "-q", "-p", "no:cacheprovider", str(test), folder=tmp_path)
    assert tested.returncode == 0, tested.stdout
    original = tmp_path / f"{name}.csv"
    if kind == "dataset":
        rows = [f"word {n % 3},{'abc'[n % 3]},{'test' if n % 5 == 0 else 'train'}" for n in range(60)]
        original.write_text("\n".join(["text,labels,split", *rows]), encoding="utf-8")
    text = SUITE.format(**{**USUAL, **CELLS[kind]})
    trained = run("-c", TRAIN, str(code), text, str(original), folder=tmp_path)
    assert trained.returncode == 0, trained.stderr
    assert "map" in trained.stdout
    assert kind != "metric" or "my_metric@label" in trained.stdout


def test_what_is_written_is_formatted_as_its_neighbours(tmp_path: Path) -> None:
    for kind in SCAFFOLDS:
        write(kind, f"my_{kind}", tmp_path)
    settings = ["--config", str(ROOT / "pyproject.toml")] if (ROOT / "pyproject.toml").is_file() else []
    # The order of imports depends on whether mlbench is one's own package, so it is left out here.
    for command in (["check", "--ignore", "I"], ["format", "--check"]):
        linted = run("-m", "ruff", *command, *settings, str(tmp_path), folder=tmp_path)
        assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize("name", ["My-Loss", "3d", "a b", ""])
def test_what_is_no_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot name a loss"):
        write("loss", name, tmp_path)


@pytest.mark.parametrize(
    ("kind", "name"), [("loss", "asl"), ("dataset", "yeast"), ("metric", "map"), ("encoder", "bag")]
)
def test_names_that_are_taken_are_refused(kind: str, name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"{kind} '{name}' is already registered"):
        write(kind, name, tmp_path)


def test_a_kind_that_there_is_not_comes_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'metric'"):
        write("metrics", "mine", tmp_path)


def test_files_that_are_there_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text("kept", encoding="utf-8")
    with pytest.raises(ConfigError, match="is there already"):
        write("loss", "mine", tmp_path)
    assert (tmp_path / "test_mine.py").read_text(encoding="utf-8") == "kept"
    assert not (tmp_path / "mine.py").exists()
