"""Bold and underlined in a table of scores speak of one comparison."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbench.records import Store
from mlbench.report import report
from mlbench.report.analysis import Analysis, View
from mlbench.report.data.grid import Grid
from mlbench.report.data.merge import merge
from mlbench.report.tables.collect import scores_of
from tests.report.synthetic import World, records, write

SCORES = {("a", 0): 0.50, ("a", 1): 0.52, ("b", 0): 0.51, ("b", 1): 0.53, ("b", 2): 0.30}
"""On the seeds that both finished b is ahead; by all of its seeds it is behind."""


def test_bold_is_the_best_on_the_shared_seeds_as_underlined_is_relative_to_it(tmp_path: Path) -> None:
    world = World(losses={"a": 0.0, "b": 0.0}, datasets=("go_emotions",), fractions=(1.0,), keys=("map",))
    store = Store(tmp_path / "x")
    store.prepare()
    for record, _ in records(world):
        place = record["cell"]["loss"]["id"], record["cell"]["seed"]
        if place in SCORES:
            store.write({**record, "metrics": {"test": {"map": SCORES[place]}}})
    analysis = Analysis(Grid(merge([tmp_path]).cells))
    view = View("map", "own", 0)
    found = analysis.within(view)[0]
    table = scores_of(analysis, view)
    marks = {row.entries[0].text: (row.entries[3].best, row.entries[3].near_best) for row in table.rows}
    assert analysis.grid.losses[found.best] == "b"
    assert marks["b"] == (True, False)
    assert marks["a"] == (False, bool(found.near_best[0]))
    assert "on the seeds that all losses there finished" in table.caption


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_one_seed_is_said_to_have_no_spread(seeds: tuple[int, ...], tmp_path: Path) -> None:
    write(
        tmp_path / "results", World(seeds=seeds, losses={"bce": 0.0, "asl": 0.01}, datasets=("go_emotions",))
    )
    report([tmp_path / "results"], tmp_path / "out")
    page, text = (
        (tmp_path / "out" / name).read_text(encoding="utf-8") for name in ("index.html", "report.md")
    )
    alone = len(seeds) == 1
    assert ("Of one seed, without a spread, on the test split" in text) == alone
    assert ("standard deviation over 2 seeds" in text) != alone
    assert ("one seed, so no intervals" in page) == alone
    assert ("of the leaders with their 95 % interval" in page) != alone
