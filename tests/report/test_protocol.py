"""What the page says of the protocol, against records of which it is true and others of which it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbench.records import Store
from mlbench.report.grid import Grid
from mlbench.report.merge import merge
from mlbench.report.protocol import protocol
from tests.report.synthetic import World, records


@pytest.mark.parametrize("optimiser", ["adam", "adamw"])
def test_coupled_decay_is_named_where_it_was_used(optimiser: str, tmp_path: Path) -> None:
    store = Store(tmp_path / "results")
    store.prepare()
    for record, scores in records(World(datasets=["go_emotions"], fractions=[1.0], seeds=[0])):
        record["cell"]["train"]["optimiser"] = optimiser
        store.write(record, scores)
    merged = merge([tmp_path / "results"])
    said = " ".join(protocol(Grid(merged.cells), merged.trials))
    assert f"optimiser {optimiser}" in said
    assert ("weight decay of Adam is coupled" in said) == (optimiser == "adam")
