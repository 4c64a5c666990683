"""Scores of one cell from Python."""

from pathlib import Path

import numpy as np
import pytest

import mlbench
from mlbench.errors import DataError
from mlbench.records import Store
from tests.report.synthetic import World, records


@pytest.fixture
def results(tmp_path: Path) -> Path:
    store = Store(tmp_path / "results" / "synthetic")
    store.prepare()
    world = World(datasets=("reuters21578",), fractions=(1.0,), seeds=(0,), losses={"bce": 0.0})
    ((record, _),) = records(world)
    scores = {
        "test_logits": np.array([[0.5, -1.0], [2.0, 0.0]], np.float16),
        "test_targets": np.array([[1, 0], [255, 0]], np.uint8),
        "test_ids": np.array(["a", "b"]),
        "labels": np.array(["x", "y"]),
    }
    store.write(record, scores)
    return store.folder.parent


def test_scores_are_had_by_file_by_id_and_by_a_row_of_the_records(results: Path) -> None:
    (file,) = results.glob("*/cells/*.json")
    row = mlbench.load_records(results).iloc[0]
    for found in (
        mlbench.load_scores(file),
        mlbench.load_scores(file.stem, results),
        mlbench.load_scores(row, results),
    ):
        logits, targets, ids, labels = found
        assert logits.dtype == np.float32
        assert logits.tolist() == [[0.5, -1.0], [2.0, 0.0]]
        assert targets.tolist() == [[1, 0], [255, 0]]
        assert (ids, labels) == (["a", "b"], ["x", "y"])


def test_what_is_not_kept_is_said_with_the_file(results: Path) -> None:
    (file,) = results.glob("*/cells/*.json")
    with pytest.raises(DataError, match=rf"{file.stem}.npz: holds no validation_probe_logits"):
        mlbench.load_scores(file, split="validation", reading="probe")
    with pytest.raises(DataError, match="no scores of a cell abc"):
        mlbench.load_scores("abc", results)
