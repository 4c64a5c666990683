"""What papers print stands beside records of the very same, apart from what is ranked."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mlbench.errors import MlbenchError
from mlbench.metrics.catalog import parse_key
from mlbench.records import Store
from mlbench.registry import DATASETS, ENCODERS, LOSSES
from mlbench.report import report
from mlbench.report.data.grid import Grid
from mlbench.report.data.merge import merge
from mlbench.report.data.published import PUBLISHED, Published, beside
from tests.cli.test_commands import mlbench
from tests.report.synthetic import World, records

COCO = World(
    losses={"kmcl": 0.0, "asl": 0.01, "bce": 0.0},
    datasets=("coco2014", "voc2007"),
    fractions=(0.1, 1.0),
    seeds=(0, 1),
    encoder="timm:tresnet_l",
    ceiling=(),
)


def write(folder: Path, world: World, size: int = 448) -> Path:
    store = Store(folder / world.suite)
    store.prepare()
    for record, _ in records(world):
        record["cell"]["encoder_options"] = {"size": size}
        record["cell"]["dataset"] += "-l"  # what a suite calls it does not matter
        store.write(record)
    return folder


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: f"{row.loss}-{row.dataset}-{row.metric}")
def test_every_row_names_what_mlbench_knows(row: Published) -> None:
    assert 0 < row.value < 1
    assert row.caveat
    assert row.source.count(".") == 1
    parse_key(row.metric)
    DATASETS.describe(row.dataset)
    LOSSES.describe(row.loss)
    assert "timm" in ENCODERS.names()
    with pytest.raises(MlbenchError):
        DATASETS.describe(f"{row.dataset}x")


def test_a_row_matches_its_dataset_encoder_size_and_loss_alone(tmp_path: Path) -> None:
    grid = Grid(merge([write(tmp_path / "a", COCO)]).cells)
    found = {(each.loss, grid.tasks[task].dataset, each.value) for each, task in beside(grid, "map", 1)}
    assert found == {
        ("kmcl", "coco2014-l", 0.886),
        ("asl", "coco2014-l", 0.866),
        ("kmcl", "voc2007-l", 0.962),
    }
    assert beside(grid, "map", 0) == [], "papers train on all rows"
    assert beside(grid, "f1_macro@label", 1) == []
    for name, other in {
        "b": write(tmp_path / "b", COCO, size=224),
        "c": write(tmp_path / "c", replace(COCO, encoder="timm:resnet50")),
        "d": write(tmp_path / "d", replace(COCO, losses={"bce": 0.0})),
    }.items():
        assert beside(Grid(merge([other]).cells), "map", 1) == [], name


def test_tables_show_them_below_the_losses_with_their_caveat(tmp_path: Path) -> None:
    page = report(write(tmp_path / "results", COCO), tmp_path / "report").read_text()
    name = "kmcl, as published: KMCL (Sajedi et al. 2023)"
    assert name in page
    table = (tmp_path / "report" / "tables" / "map.md").read_text()
    own = table[table.index("own logits, 100 %") :]
    assert own.index("| bce") < own.index("| kmcl, as published")
    assert "0.886" in own
    assert (
        "never ranked: KMCL (Sajedi et al. 2023), coco2014: the best epoch was chosen on the test split"
        in own
    )
    probe = table[table.index("linear probe, 100 %") :]
    assert "as published" not in probe.partition("own logits")[0]


def test_they_can_be_listed() -> None:
    rows = json.loads(mlbench("list", "published", "--json").stdout)
    assert len(rows) == len(PUBLISHED)
    assert {"paper", "dataset", "size", "loss", "encoder", "metric", "value", "source", "caveat"} <= set(
        rows[0]
    )
    assert "KMCL (Sajedi" in mlbench("list", "published").stdout
