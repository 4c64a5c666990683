"""Means by variant are those of a loop over families, and a family that lacks a variant is left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlbench.records import Store
from mlbench.report.analysis import Analysis, View
from mlbench.report.analysis.variants import by_variant
from mlbench.report.data.grid import Grid
from mlbench.report.data.merge import merge
from mlbench.report.tables.breakdowns import variants_table
from tests.report.synthetic import World, records

DATASETS = ("a", "a-x3", "a-x10", "b", "b-x3", "b-x10", "c")
LOSSES = {"bce": 0.0, "asl": 0.02, "msc": -0.05}


def analysis_of(folder: Path, missing: frozenset[tuple[str, str]] = frozenset()) -> Analysis:
    store = Store(folder / "variants")
    store.prepare()
    world = World(
        losses=LOSSES, datasets=DATASETS, fractions=(1.0,), seeds=(0, 1), ceiling=(), suite="variants"
    )
    for record, _ in records(world):
        name = str(record["cell"]["dataset"])
        record["dataset"]["family"] = name[0]
        if (record["cell"]["loss"]["id"], name) not in missing:
            store.write(record)
    return Analysis(Grid(merge([folder]).cells))


def test_means_are_those_of_a_loop_over_families(tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path)
    found = by_variant(analysis, View("map", "own", 0))
    assert found is not None
    assert found.names == ("as it is", "x3", "x10")
    assert found.families == ("a", "b")  # c has no variants
    cells = analysis.grid.cells
    for row, loss in enumerate(analysis.grid.losses):
        for column, ending in enumerate(("", "-x3", "-x10")):
            own = cells[(cells["loss"] == loss) & cells["dataset"].isin([f"a{ending}", f"b{ending}"])]
            by_seed = own.groupby("seed")["metrics/test/map"].mean()
            assert found.means[row, column] == pytest.approx(by_seed.mean(), abs=1e-9)
            assert found.spreads[row, column] == pytest.approx(by_seed.std(), abs=1e-9)


def test_a_family_on_which_a_loss_lacks_a_variant_is_left_out(tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path, frozenset({("msc", "b-x10")}))
    found = by_variant(analysis, View("map", "own", 0))
    assert found is not None
    assert found.families == ("a",)
    assert not np.isnan(found.means).any()
    table = variants_table(analysis, View("map", "own", 0))
    assert table is not None
    assert "on a, where all variants are" in table.caption
    assert [column.title for column in table.columns] == ["loss", "as it is", "x3", "x10"]


def test_without_variants_there_is_no_table(tmp_path: Path) -> None:
    store = Store(tmp_path / "plain")
    store.prepare()
    for record, _ in records(
        World(losses=LOSSES, datasets=("a", "b"), fractions=(1.0,), ceiling=(), suite="plain")
    ):
        store.write(record)
    assert variants_table(Analysis(Grid(merge([tmp_path]).cells)), View("map", "own", 0)) is None
