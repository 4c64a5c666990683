"""Records made before a key existed stand beside newer ones at the value that means what was done before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import pytest

from mlbench.records import Store
from mlbench.registry import LOSSES
from mlbench.report.data import backfill
from mlbench.report.data.grid import Grid
from mlbench.report.data.merge import merge
from mlbench.suite import Protocol
from mlbench.suite.protocol import Before
from tests.report.synthetic import World, records

WORLD = World(losses={"bce": 0.0, "asl": 0.05}, datasets=("go_emotions",), fractions=(1.0,), keys=("map",))


class Later(Protocol):
    """The protocol of some later day."""

    replicates: Annotated[bool, Before(True)] = True
    momentum: Annotated[float | None, Before(None)] = None


@pytest.fixture(autouse=True)
def _of_a_later_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "Protocol", Later)
    asl = LOSSES.describe("asl")
    told = replace(asl, attributes={**asl.attributes, "before": {"margin": 0.5}})
    monkeypatch.setitem(LOSSES._declared, "asl", told)


def written(folder: Path, newer: dict[str, object], margin: float) -> Grid:
    """The first seed's records were made before the keys existed, the others have `newer` values."""
    store = Store(folder / WORLD.suite)
    store.prepare()
    for record, _ in records(WORLD):
        if record["cell"]["seed"] > 0:
            record["cell"]["train"] |= newer
            if record["cell"]["loss"]["name"] == "asl":
                record["cell"]["loss"]["parameters"]["margin"] = margin
        store.write(record)
    merged = merge([folder])
    return Grid(merged.cells)


def test_a_record_without_a_key_is_one_at_the_value_of_before(tmp_path: Path) -> None:
    grid = written(tmp_path, {"replicates": True, "momentum": None}, 0.5)
    assert grid.task_names == ("go_emotions",)
    assert grid.losses == ("asl", "bce")
    assert set(grid.cells["cell/train/replicates"]) == {True}
    assert "cell/train/momentum" not in grid.cells.columns or grid.cells["cell/train/momentum"].isna().all()


def test_and_none_at_any_other(tmp_path: Path) -> None:
    grid = written(tmp_path, {"replicates": False, "momentum": 0.9}, 0.7)
    assert len(grid.task_names) == 2
    assert set(grid.losses) == {"asl (margin=0.5)", "asl (margin=0.7)", "bce"}


def test_what_is_wrong_with_the_records_is_still_said(tmp_path: Path) -> None:
    written(tmp_path, {}, 0.5)
    (tmp_path / WORLD.suite / "cells" / "broken.json").write_text("{")
    merged = merge([tmp_path])
    assert len(merged.problems) == 1
