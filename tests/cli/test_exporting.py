"""From a suite that keeps models to a folder, and from that to predictions of new rows."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.cli.test_commands import mlbench

SUITE = """
name = "mine"
seeds = [0]
fractions = [1.0]
losses = ["two_way"]
train = { epochs = 1, min_steps = 20, probe = "needed" }

[[datasets]]
name = "tickets"
path = "tickets.csv"
text = "body"
labels = "tags"
separator = ";"
encoder = "bag"
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    rows = [(f"word{row % 7} and word{row % 3} here", f"a{row % 7};b{row % 3}") for row in range(120)]
    lines = [f"{body},{tags}" for body, tags in rows]
    (tmp_path / "tickets.csv").write_text("body,tags\n" + "\n".join(lines) + "\n")
    (tmp_path / "mine.toml").write_text(SUITE)
    return tmp_path / "mine.toml"


@pytest.mark.slow
def test_a_cell_is_trained_again_to_be_exported(suite: Path, tmp_path: Path) -> None:
    mlbench("run", suite.name, "--engine", "sequential", cwd=tmp_path)
    [record] = (tmp_path / "results" / "mine" / "cells").glob("*.json")
    refused = mlbench("export", record.stem[:8], cwd=tmp_path, code=2).stderr
    command = shlex.split(refused.splitlines()[-1])
    assert command[:4] == ["mlbench", "run", "mine.toml", "--set"]
    mlbench(*command[1:], "--engine", "sequential", cwd=tmp_path)
    assert "program.pt2" in mlbench("export", record.stem[:8], "-o", "model", cwd=tmp_path).stdout
    (tmp_path / "new.csv").write_text("body\nword1 and word2\nnothing known\n")
    scored = mlbench("predict", "model", "new.csv", "-o", "out.parquet", cwd=tmp_path)
    assert scored.stdout.strip() == "wrote out.parquet: 2 rows"
    table = pq.read_table(tmp_path / "out.parquet")
    labels = json.loads((tmp_path / "model" / "model.json").read_text())["labels"]
    assert [field.name for field in table.schema.field("probabilities").type] == labels
    other = mlbench("predict", "model", "new.csv", "--column", "text=bdy", cwd=tmp_path, code=2)
    assert "did you mean 'body'" in other.stderr
    native = mlbench("export", record.stem, "-o", "other", "--policy", "native", cwd=tmp_path, code=2)
    assert "fixes no threshold of its own" in native.stderr


def test_bad_words_are_refused(tmp_path: Path) -> None:
    wrong = mlbench("export", "ab", "--reading", "prob", "--policy", "globl", cwd=tmp_path, code=2)
    assert "did you mean 'probe'" in wrong.stderr
