"""What a cell is called."""

from __future__ import annotations

from pathlib import Path

from mlbench.runner.worker.cells import cell_id
from tests.training.cells import make_cell


def test_weights_that_a_suite_names_by_their_path_stand_in_the_cell_s_id(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"one")
    encoder = {"name": "timm:test_resnet", "weights": str(weights)}
    cell = make_cell("bce", "digit-scenes", encoder=encoder)
    first = cell_id(cell, "0" * 32)
    assert first == cell_id(cell, "0" * 32) != cell.id("0" * 32)
    weights.write_bytes(b"two")
    assert cell_id(cell, "0" * 32) != first
    plain = make_cell("bce", "digit-scenes")
    assert cell_id(plain, "0" * 32) == plain.id("0" * 32)
