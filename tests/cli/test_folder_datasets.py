"""A folder under --data-root is a dataset by its name for every command, and in the processes that a run starts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlbench.cli.listing import _suites
from mlbench.suite import find_suite
from tests.cli.test_commands import mlbench
from tests.datasets.test_folder_source import SUITE, write


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv("MLBENCH_DATA", raising=False)
    write(tmp_path / "data" / "folder_shapes")
    return str(tmp_path / "data")


def test_it_is_listed_shown_fetched_and_described(root: str, tmp_path: Path) -> None:
    listed = json.loads(mlbench("list", "datasets", "--data-root", root, "--json").stdout)
    row = next(row for row in listed if row["name"] == "folder_shapes")
    assert (row["modality"], row["labels"], row["origin"]) == ("features", 2, "folder")
    assert "dataset.toml (folder)" in mlbench("show", "dataset", "folder-shapes", "--data-root", root).stdout
    assert "CC0" in mlbench("fetch", "folder_shapes", "--data-root", root).stdout
    about = mlbench("describe", "folder_shapes", "--data-root", root, "--json", cwd=tmp_path).stdout
    assert json.loads(about)["labels"] == ["b", "a"]


def test_one_card_that_is_none_hides_no_other_and_its_words_are_shown_fit(root: str) -> None:
    card = Path(root) / "folder_shapes" / "dataset.toml"
    told = card.read_text(encoding="utf-8")
    card.write_text(f"{told}\nnumber = {'1' * 5000}\n", encoding="utf-8")
    assert "folder_shapes" in mlbench("list", "datasets", "--data-root", root).stdout
    card.write_text('task = "\\u001b[2J"\n', encoding="utf-8")
    shown = mlbench("show", "dataset", "folder_shapes", "--data-root", root).stdout
    assert "\\x1b[2J" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("engine", ["sequential", "loky", "dask"])
def test_it_is_planned_and_run(root: str, tmp_path: Path, engine: str) -> None:
    suite = tmp_path / "by-name.toml"
    suite.write_text(SUITE.replace("[[", "[train]\nepochs = 1\nmin_steps = 1\nprobe_steps = 5\n[[", 1))
    at = ("--results", str(tmp_path / "results"), "--data-root", root, "--device", "cpu")
    mlbench("run", str(suite), *at, "--engine", engine, "--jobs", "1")
    (file,) = (tmp_path / "results" / "by-name" / "cells").iterdir()
    record = json.loads(file.read_text())
    assert (record["status"], record["cell"]["loader"]) == ("done", "folder_shapes")
    assert record["dataset"]["family"] == "figures"


def test_a_suite_of_folders_that_are_not_here_is_listed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = tmp_path / "by-name.toml"
    suite.write_text(SUITE)
    monkeypatch.setattr("mlbench.suite.shipped_suites", lambda: [suite, find_suite("quick")])
    monkeypatch.delenv("MLBENCH_DATA", raising=False)
    listed = {row["name"]: row for row in _suites()}
    assert listed["by-name"]["cells"] is None
    assert "unknown dataset 'folder_shapes'" in listed["by-name"]["about"]
    assert listed["quick"]["cells"] > 0
