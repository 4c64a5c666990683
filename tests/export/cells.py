"""Small trained cells in a store of their own, with their models kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mlbench.records import Store
from mlbench.suite import Cell
from mlbench.training import CellResult, run_cell
from mlbench.training.checkpoint import save_tree
from tests.training.cells import load, make_cell

STARTED = "2025-01-01T00:00:00+00:00"


def train(
    folder: Path, loss: str = "bce", dataset: str = "synthetic-features", **options: Any
) -> tuple[Store, str, CellResult]:
    """Train one short cell and keep it as a run does; returns the store, the cell's id, and what it left."""
    cell = make_cell(loss, dataset, **options)
    result = run_cell(cell, load(dataset), keep_model=True, cache_dir=folder / "cache")
    return (*put(folder, cell, load(dataset).fingerprint, result), result)


def put(folder: Path, cell: Cell, data: str, result: CellResult) -> tuple[Store, str]:
    """The record, scores and model of a cell, as a run writes them."""
    store, identifier = Store(folder / "results" / "test"), cell.id(data)
    store.prepare()
    record = {
        "schema": 1,
        "id": identifier,
        "suite": "test",
        "cell": cell.describe(),
        "status": "done",
        "started": STARTED,
        **result.parts,
    }
    if result.model is not None:
        save_tree({**result.model, "started": STARTED}, store.model_file(identifier), store.tmp_folder)
    store.write(record, result.scores)
    return store, identifier


def held_out(dataset: str) -> Any:
    """The samples of the test split, as one has them: texts, images as arrays, vectors."""
    inputs = load(dataset).test.inputs
    return np.asarray(inputs) if isinstance(inputs, np.ndarray) else list(inputs)
