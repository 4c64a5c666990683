"""A tuned suite from end to end: real training on synthetic data, in real processes, one of them killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mlbench.records import Store
from tests.runner.test_interruption import wait_until

SUITE = """
name = "tiny"
seeds = [0, 1, 2]
fractions = [0.5, 1.0]
losses = ["bce", "supcon"]

[train]
epochs = 1
min_steps = 6
batch_size = 32
probe_steps = 20
evaluations = 1

[tuning]
trials = 3
fraction = 0.5

[[datasets]]
name = "synthetic-features"
samples = 300
labels = 9
encoder = "features"
"""


def command(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "mlbench", *words, "--results", str(folder)]


def records(folder: Path) -> dict[str, dict[str, Any]]:
    found = {}
    for record in Store(folder / "tiny").records():
        assert isinstance(record, dict)
        found[record["id"]] = record
    return found


def kill_when(run: list[str], condition: Callable[[], bool]) -> None:
    """Start a run and end it outright, with all its processes, once the condition holds."""
    driver = subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
    wait_until(condition, 300)
    driver.send_signal(signal.SIGKILL)
    driver.communicate(timeout=60)


@pytest.mark.slow
def test_a_killed_run_finds_the_same_choice_and_the_same_finals(tmp_path: Path) -> None:
    file = tmp_path / "tiny.toml"
    file.write_text(SUITE, encoding="utf-8")
    whole, results = tmp_path / "whole", tmp_path / "results"
    run = ["run", str(file), "--device", "cpu", "--jobs", "1"]
    subprocess.run(command(whole, *run), check=True, capture_output=True)
    expected = records(whole)
    assert len(expected) == 2 * 3 + 2 * 2 * 2
    stages = [record["cell"]["trial"]["final"] for record in expected.values()]
    assert stages.count(True) == 8
    for there in (3, 8):
        kill_when(command(results, *run), lambda there=there: len(records(results)) >= there)  # type: ignore[misc]
    done = subprocess.run(command(results, *run), check=True, capture_output=True, text=True)
    assert "14 done" in done.stderr
    found = records(results)
    assert found.keys() == expected.keys()
    for identifier, record in found.items():
        assert record["cell"] == expected[identifier]["cell"]
        assert record["metrics"] == expected[identifier]["metrics"]
    for identifier, record in expected.items():
        cell, trial = record["cell"], record["cell"]["trial"]
        assert (cell["seed"] == 0, cell["fraction"] == 0.5) == (False, cell["fraction"] == 0.5) or not trial[
            "final"
        ]
        kept = Store(whole / "tiny").scores_file(identifier).exists()
        assert kept == trial["final"], "trials keep no scores, so no replicates either"
        has_probe = record["probe_metrics"] is not None
        assert has_probe == (trial["final"] or cell["loss"]["id"] == "supcon")
    chosen = {
        (record["cell"]["loss"]["id"], record["cell"]["trial"]["number"])
        for record in expected.values()
        if record["cell"]["trial"]["final"]
    }
    for loss in ("bce", "supcon"):
        scores = {
            record["cell"]["trial"]["number"]: record["metrics"]["validation"]["map"]
            for record in expected.values()
            if record["cell"]["loss"]["id"] == loss and not record["cell"]["trial"]["final"]
        }
        assert [number for name, number in chosen if name == loss] == [
            max(scores, key=lambda n: (scores[n], -n))
        ]
    report = [sys.executable, "-m", "mlbench", "report", str(results), "-o", str(tmp_path / "report")]
    subprocess.run(report, check=True, capture_output=True)
    cells = pd.read_parquet(tmp_path / "report" / "cells.parquet")
    assert sorted(cells["seed"].unique()) == [1, 2]
    assert len(cells) == 8
    trials = (tmp_path / "report" / "tables" / "trials.csv").read_bytes()
    subprocess.run([sys.executable, "-m", "mlbench", "pack", str(results)], check=True, capture_output=True)
    for file in Store(results / "tiny").cells_folder.iterdir():
        file.unlink()
    subprocess.run(report, check=True, capture_output=True)
    assert (tmp_path / "report" / "tables" / "trials.csv").read_bytes() == trials, (
        "published trials say as much"
    )
