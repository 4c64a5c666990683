"""What may rank losses: the catalogue's word counts, and what has no threshold is shown grey."""

from __future__ import annotations

import pytest

from mlbench.errors import UnknownNameError
from mlbench.metrics.catalog import catalog, parse_key
from mlbench.records import load_records
from mlbench.report.analysis import Analysis, View
from mlbench.report.data.grid import Grid
from mlbench.report.data.measures import main_keys, measure, require
from mlbench.report.tables.collect import scores_of
from mlbench.report.tables.model import Table
from tests.report.synthetic import World, all_keys, write

KEYS = ("map", "f1_macro@0.5", "f1_macro@label", "f1_macro@oracle", "ranking_loss")


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    world = World(
        datasets=("go_emotions", "reuters21578"), fractions=(1.0,), keys=KEYS, without_threshold=("supcon",)
    )
    return Analysis(Grid(load_records(write(tmp_path_factory.mktemp("measures"), world))))


def scores(analysis: Analysis, key: str, reading: str = "own") -> Table:
    return scores_of(analysis, View(key, reading, 0))


def muted(table: Table) -> dict[str, bool]:
    """Of each loss whether its name and all its scores are grey; mixed is an error."""
    found = {}
    for row in table.rows:
        if row.kind == "loss":
            entries = [row.entries[0], *row.entries[3:]]
            assert len({entry.muted for entry in entries}) == 1
            found[row.entries[0].text] = entries[0].muted
    return found


def test_every_key_is_ranked_as_the_catalogue_says() -> None:
    for key in all_keys():
        assert measure(key).ranked == parse_key(key).ranked
    for name, info in catalog().items():
        if "decision" in info.kind:
            assert not measure(f"{name}@oracle").ranked
            assert not measure(f"{name}@0.5").ranked
            assert measure(f"{name}@label").ranked == info.ranked


def test_a_key_the_catalogue_does_not_know_ranks_nothing() -> None:
    assert not measure("somebody_elses").ranked
    assert main_keys(["somebody_elses"]) == ("somebody_elses",)


def test_oracle_and_half_rank_nothing_and_mark_nothing(analysis: Analysis) -> None:
    for key in ("f1_macro@oracle", "f1_macro@0.5"):
        table = scores(analysis, key)
        assert analysis.ranking(View(key, "own", 0)) is None
        assert not any(entry.best or entry.near_best for row in table.rows for entry in row.entries)
        assert all(row.entries[1].value is None for row in table.rows)
    assert any(entry.best for row in scores(analysis, "f1_macro@label").rows for entry in row.entries)


def test_half_is_grey_for_a_loss_without_a_threshold(analysis: Analysis) -> None:
    table = scores(analysis, "f1_macro@0.5")
    assert [loss for loss, grey in muted(table).items() if grey] == ["supcon"]
    assert "Grey: supcon" in table.caption
    for key, reading in (("f1_macro@0.5", "probe"), ("f1_macro@label", "own"), ("map", "own")):
        assert not any(muted(scores(analysis, key, reading)).values()), (key, reading)


def test_an_unknown_key_is_named_with_the_nearest(analysis: Analysis) -> None:
    with pytest.raises(UnknownNameError, match="f1_macro@label"):
        require("f1_makro@label", analysis.grid.metric_keys)
