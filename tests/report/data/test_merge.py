"""Records of several places: duplicates, conflicts, published results beside new ones, other schemas."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mlbench.records import Store
from mlbench.report import report
from mlbench.report.data.grid import Grid
from mlbench.report.data.merge import PUBLISHED, merge
from tests.report.synthetic import World, write

SMALL = World(
    losses={"bce": 0.0, "asl": 0.01}, datasets=("digit-scenes", "go_emotions"), seeds=(0, 1), keys=("map",)
)


def test_folders_and_packed_files_are_merged(tmp_path: Path) -> None:
    here = write(tmp_path / "here", SMALL)
    there = write(tmp_path / "there", replace(SMALL, losses={"msc": 0.02}, suite="other"), packed=True)
    merged = merge([here, there / "other/records.parquet"])
    assert set(merged.cells["loss"]) == {"bce", "asl", "msc"}
    assert not merged.problems


def test_a_cell_counts_once(tmp_path: Path) -> None:
    here, there = write(tmp_path / "here", SMALL), write(tmp_path / "there", SMALL)
    assert len(merge([here, there]).cells) == len(merge([here]).cells)


def test_a_conflict_is_reported_on_the_page(tmp_path: Path) -> None:
    here, there = write(tmp_path / "here", SMALL), write(tmp_path / "there", SMALL)
    victim = sorted((there / "synthetic/cells").iterdir())[0]
    text = json.loads(victim.read_text())
    text["metrics"]["test"]["map"] = 0.123
    victim.write_text(json.dumps(text))
    index = report([here, there], tmp_path / "report")
    assert f"cell {victim.stem}: two finished records differ" in index.read_text()
    beside = merge([here], [there])
    assert beside.problems == (
        f"cell {victim.stem}: the published record differs from the new one, which counts",
    )


def test_published_losses_stand_beside_new_ones(tmp_path: Path) -> None:
    new = write(tmp_path / "new", replace(SMALL, losses={"mine": 0.05}, suite="mine"))
    old = write(tmp_path / "old", SMALL)
    index = report(new, tmp_path / "report", against=old)
    cells = merge([new], [old]).cells
    assert set(cells.loc[cells["published"], "loss"]) == {"bce", "asl"}
    assert set(cells.loc[~cells["published"], "loss"]) == {"mine"}
    text = index.read_text()
    assert "mine ranks first" in text
    assert "Published results stand beside the new ones: asl and bce" in text


def test_a_finished_published_record_counts_before_the_new_failure_of_the_same_cell(tmp_path: Path) -> None:
    old = write(tmp_path / "old", SMALL)
    new = write(tmp_path / "new", replace(SMALL, failed=[("asl", None, 1.0, None)]))
    merged = merge([new], [old])
    assert (merged.cells["status"] == "done").all()
    assert set(merged.cells["loss"]) == {"bce", "asl"}
    taken = merged.cells[merged.cells["published"]]
    assert set(taken["loss"]) == {"asl"}
    assert len(merged.problems) == len(taken) == 4
    assert merged.problems[0] == f"cell {min(taken['id'])}: failed here; the published record counts"


def test_another_version_of_a_loss_is_compared_and_not_pooled(tmp_path: Path) -> None:
    new = write(tmp_path / "new", replace(SMALL, suite="new"))
    old = write(tmp_path / "old", SMALL)
    cells = merge([new], [old]).cells
    assert set(cells["loss"]) == {"bce", "asl", "bce" + PUBLISHED, "asl" + PUBLISHED}


@pytest.mark.parametrize("first", [True, False], ids=["its id comes first", "its id comes last"])
@pytest.mark.parametrize("stale", ["failed", "done"])
def test_of_two_records_of_one_place_the_finished_and_newest_counts(
    stale: str, first: bool, tmp_path: Path
) -> None:
    """As an edited plugin loss leaves them: another id, everything else alike."""
    world = replace(SMALL, losses={"mine": 0.0}, datasets=("go_emotions",), seeds=(0,), fractions=(1.0,))
    store = Store(write(tmp_path, world) / world.suite)
    counted = store.read(next(iter(store.ids())))
    name = ("0" if first else "z") * 20
    if stale == "failed":
        error = {"class": "oom", "message": "", "traceback": ""}
        kept = {key: value for key, value in counted.items() if key != "metrics"}
        old = {
            **kept,
            "id": name,
            "status": "failed",
            "error": error,
            "finished": "2027-01-01T00:00:00+00:00",
        }
    else:
        old = {**counted, "id": name, "finished": "2025-01-01T00:00:00+00:00"}
        old["metrics"] = {"test": {"map": 0.999}}
    store.write(old)
    merged = merge([tmp_path])
    assert list(merged.cells["id"]) == [counted["id"]]
    assert len(merged.problems) == 1
    assert merged.problems[0].startswith(f"mine on go_emotions: cell {name} does not count")
    grid = Grid(merged.cells)
    assert grid.scores("own", "map").item() == counted["metrics"]["test"]["map"]


def test_a_record_of_another_schema_is_refused_by_name(tmp_path: Path) -> None:
    root = write(tmp_path / "results", SMALL)
    store = Store(root / "synthetic")
    store.cell_file("future").write_text(
        json.dumps({"schema": 99, "id": "future", "cell": {}, "status": "done"})
    )
    merged = merge([root])
    assert len(merged.problems) == 1
    assert "future.json" in merged.problems[0]
    assert "schema 99" in merged.problems[0]


def test_one_name_for_two_things_is_told_apart(tmp_path: Path) -> None:
    mild = replace(SMALL, parameters={"asl": {"gamma_neg": 2.0}}, suite="same", encoder="bag")
    strong = replace(SMALL, parameters={"asl": {"gamma_neg": 4.0}}, suite="same", encoder="lsa")
    paths = [write(tmp_path / "a", mild), write(tmp_path / "b", strong)]
    text = report(paths, tmp_path / "report").read_text()
    for name in (
        "asl (gamma_neg=2.0)",
        "asl (gamma_neg=4.0)",
        "go_emotions (encoder=bag)",
        "go_emotions (encoder=lsa)",
    ):
        assert name in text


@pytest.mark.parametrize("name", ["nowhere", "file.txt"])
def test_a_path_without_results_is_an_error_that_names_it(name: str, tmp_path: Path) -> None:
    from mlbench.errors import DataError

    (tmp_path / "file.txt").touch()
    with pytest.raises(DataError, match=name):
        report(tmp_path / name, tmp_path / "report")
