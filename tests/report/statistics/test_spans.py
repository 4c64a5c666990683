"""A family's span is from its floor to the best loss there is, whichever losses are compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlbench.records import load_records
from mlbench.report.data.grid import Grid
from mlbench.report.data.measures import measure
from mlbench.report.statistics import make_blocks
from mlbench.report.statistics.spans import family_spans
from tests.report.synthetic import World, write

KEYS = ("map", "ranking_loss")


@pytest.mark.parametrize("key", KEYS)
def test_a_span_is_that_of_means_by_hand(key: str, tmp_path: Path) -> None:
    """Two datasets of one family and one alone; the best loss is not among those compared; one is missing somewhere."""
    world = World(
        losses={"bce": 0.0, "asl": 0.1, "best": 0.3, "gone": 0.6},
        datasets=("eurlex21", "eurlex127", "go_emotions"),
        fractions=(1.0,),
        keys=KEYS,
        missing=[("gone", "eurlex21", None, None)],
    )
    cells = load_records(write(tmp_path, world))
    grid, sign = Grid(cells), measure(key).sign
    blocks = make_blocks(grid, "own", measure(key), 0, losses=["bce", "asl"])
    assert blocks is not None
    means = cells.groupby(["dataset", "loss"])[f"metrics/test/{key}"].mean() * sign
    floors = cells.groupby("dataset")[f"floor_metrics/test/{key}"].mean() * sign
    expected = {
        "eurlex": (means["eurlex21", "best"] + means["eurlex127", "best"]) / 2
        - (floors["eurlex21"] + floors["eurlex127"]) / 2,
        "go_emotions": means["go_emotions", "gone"] - floors["go_emotions"],
    }
    found = dict(zip(blocks.families, family_spans(grid, "own", blocks, 0), strict=True))
    assert found == pytest.approx(expected)


def test_without_a_floor_a_span_is_not_known(tmp_path: Path) -> None:
    cells = load_records(write(tmp_path, World(datasets=("go_emotions",), fractions=(1.0,), keys=("map",))))
    grid = Grid(cells.drop(columns=[name for name in cells.columns if name.startswith("floor_metrics")]))
    blocks = make_blocks(grid, "own", measure("map"), 0)
    assert blocks is not None
    assert np.isnan(family_spans(grid, "own", blocks, 0)).all()
