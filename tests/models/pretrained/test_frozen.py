"""Vectors of a frozen encoder: computed where the cell runs, and kept by the kind of device that computed them.

The device "meta" stands for another one than the CPU: nothing can be read back from it, so that whoever encodes on it
is found out.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from mlbench.models.inputs import Inputs
from mlbench.training import run_cell
from mlbench.training.setup import fit_encoder
from tests.training.cells import load, make_cell

DATA, ROWS = "digit-scenes", np.arange(30)
ENCODER = {"name": "timm:test_resnet", "pretrained": False, "frozen": True, "size": 32}


def fit(cache: Path, size: int) -> Inputs:
    cell = make_cell("bce", DATA, encoder={**ENCODER, "size": size})
    return fit_encoder(cell, load(DATA), ROWS, cache).test


def keys(cache: Path) -> list[dict[str, object]]:
    """What is kept of vectors, by what."""
    found = [json.loads(file.read_text()) for file in sorted(cache.glob("*.json"))]
    return [key for key in found if "vectors" in key]


def test_a_cell_of_the_cpu_encodes_there_though_a_gpu_can_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert len(fit(tmp_path, size=30)) == len(load(DATA).test)
    assert len(keys(tmp_path)) == 3


def test_a_cell_encodes_on_its_own_device_and_takes_no_vectors_of_another(tmp_path: Path) -> None:
    cell, cache = make_cell("bce", DATA, encoder=ENCODER, fraction=30), tmp_path / "cache"
    run_cell(cell, load(DATA), cache_dir=cache)
    before = {file: file.stat().st_mtime_ns for file in cache.glob("*.npy")}
    with pytest.raises(NotImplementedError, match="meta tensor") as caught:
        run_cell(cell, load(DATA), cache_dir=cache, device="meta")
    assert "encode_all" in [entry.name for entry in caught.traceback]
    run_cell(cell, load(DATA), cache_dir=cache)
    assert {file: file.stat().st_mtime_ns for file in cache.glob("*.npy")} == before


def test_vectors_of_a_cpu_are_kept_under_the_key_that_they_always_had(tmp_path: Path) -> None:
    fit(tmp_path, size=31)
    assert len(keys(tmp_path)) == 3
    for key in keys(tmp_path):
        assert key.keys() == {"version", "vectors", "split", "data", "stored"}
