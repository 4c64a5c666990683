"""`mlbench run` of a loss with state of its own is ended in the middle; the same command ends in the same numbers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlbench.records import Store
from tests.runner.driver import ROOT
from tests.runner.test_interruption import wait_until

LOSS = ROOT / "tests" / "losses" / "keeping_loss.py"
SUITE = """
name = "kept"
seeds = [0]
losses = ["keeping_loss"]
[train]
epochs = 400
min_steps = 0
batch_size = 32
probe_steps = 20
evaluations = 4
[store]
scores = "float32"
[[datasets]]
name = "synthetic-features"
samples = 400
labels = 8
encoder = "features"
"""


def begin(folder: Path, results: Path) -> subprocess.Popen[str]:
    """A checkpoint is written several times a second."""
    command = ["mlbench", "run", "kept.toml", "--plugin", str(LOSS), "--results", str(results)]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", *command, "--checkpoint-every", "0.2"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )


def finish(folder: Path, results: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    process = begin(folder, results)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    (file,) = Store(results / "kept").cells_folder.iterdir()
    with np.load(next(Store(results / "kept").scores_folder.iterdir())) as stored:
        scores = {name: stored[name] for name in stored.files}
    return json.loads(file.read_text()), scores


@pytest.mark.slow
def test_a_loss_with_state_of_its_own_goes_on_after_a_stop_and_a_kill(tmp_path: Path) -> None:
    (tmp_path / "kept.toml").write_text(SUITE)
    whole, scores = finish(tmp_path, tmp_path / "whole")
    results = tmp_path / "broken"
    checkpoints = results / "kept" / "checkpoints"
    for number in (signal.SIGTERM, signal.SIGKILL):
        process = begin(tmp_path, results)
        before = {file: file.stat().st_mtime_ns for file in checkpoints.glob("*.safetensors")}
        wait_until(
            lambda before=before: any(  # type: ignore[misc]
                before.get(file) != file.stat().st_mtime_ns for file in checkpoints.glob("*.safetensors")
            )
        )
        os.killpg(process.pid, number)
        process.communicate(timeout=60)
        assert process.returncode in (143, -signal.SIGKILL)
    again, found = finish(tmp_path, results)
    assert len(again["history"]["resumed_at"]) == 2
    assert again["metrics"] == whole["metrics"]
    assert again["probe_metrics"] == whole["probe_metrics"]
    assert scores.keys() == found.keys()
    for name, values in scores.items():
        np.testing.assert_array_equal(values, found[name], err_msg=name)
