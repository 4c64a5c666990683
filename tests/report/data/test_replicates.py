"""Replicates are read from beside the record that counts, or from it, and damaged ones are as if there were none."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mlbench.records import Store, load_records
from mlbench.report.analysis import Analysis, View
from mlbench.report.data.grid import Grid
from mlbench.report.data.merge import merge
from mlbench.report.data.replicates import StoredReplicates
from mlbench.report.statistics import Within
from tests.records.test_scores import HOSTILE
from tests.report.synthetic import World, write

ONE = World(
    losses={"bce": 0.0}, datasets=("go_emotions",), fractions=(1.0,), seeds=(0,), keys=("map",), replicates=50
)


def stored(folder: Path) -> np.ndarray:
    store = Store(folder / ONE.suite)
    drawn: np.ndarray = store.scores(next(iter(store.ids())))["bootstrap/map"]
    return drawn


def read(paths: list[Path], against: list[Path]) -> np.ndarray:
    grid = Grid(merge(paths, against).cells)
    drawn: np.ndarray = StoredReplicates(grid, paths, ["map"], against).load(0, 0)["own", "map"][0, 0]
    return drawn


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders of the same cell whose replicates differ."""
    one, other = write(tmp_path / "one", ONE), write(tmp_path / "other", ONE)
    store = Store(other / ONE.suite)
    record = store.read(next(iter(store.ids())))
    store.write(record, {"bootstrap/map": stored(other) + np.float32(0.1)})
    return one, other


def test_the_counted_record_has_its_own(sides: tuple[Path, Path]) -> None:
    one, other = sides
    assert (read([one], [other]) == stored(one)).all()
    assert (read([other], [one]) == stored(other)).all()
    assert (read([one, other], []) == stored(one)).all()


def test_a_published_record_that_counts_has_its_own(sides: tuple[Path, Path]) -> None:
    one, other = sides
    write(one, replace(ONE, failed=[(None, None, None, None)]))
    assert list((one / ONE.suite / "scores").iterdir()), "what an earlier success left"
    assert (read([one], [other]) == stored(other)).all()


def test_damaged_bytes_count_as_not_stored(tmp_path: Path) -> None:
    root = write(tmp_path, ONE)
    file = next((root / ONE.suite / "scores").iterdir())
    with zipfile.ZipFile(file) as archive:
        item = archive.getinfo("bootstrap/map.npy")
    content = bytearray(file.read_bytes())
    start = item.header_offset + 30 + len(item.filename) + 20
    content[start : start + 12] = bytes(byte ^ 0xFF for byte in content[start : start + 12])
    file.write_bytes(content)
    grid = Grid(merge([root]).cells)
    replicates = StoredReplicates(grid, [root], ["map"])
    assert replicates
    assert replicates.load(0, 0) == {}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_files_of_any_kind_count_as_not_stored(content: bytes, tmp_path: Path) -> None:
    root = write(tmp_path, ONE)
    next((root / ONE.suite / "scores").iterdir()).write_bytes(content)
    assert StoredReplicates(Grid(merge([root]).cells), [root], ["map"]).load(0, 0) == {}


SIX = World(losses={"bce": 0.0, "asl": 0.01, "msc": 0.02}, datasets=("go_emotions", "reuters21578"),
            fractions=(1.0,), keys=("map",), replicates=200)  # fmt: skip


def published(folder: Path) -> Path:
    """The records of a world as they are published: one packed file, no scores beside it."""
    store = Store(write(folder, SIX) / SIX.suite)
    store.pack(("map",))
    shutil.rmtree(store.cells_folder)
    shutil.rmtree(store.scores_folder)
    return store.folder


def within(paths: list[Path]) -> list[Within]:
    grid = Grid(merge(paths).cells)
    found = Analysis(grid, StoredReplicates(grid, paths, ["map"])).within(View("map", "own", 0))
    return [found[task] for task in range(len(grid.tasks))]


@pytest.mark.parametrize("name", ["", "records.parquet"])
def test_published_records_tell_losses_apart_as_their_scores_did(name: str, tmp_path: Path) -> None:
    whole = within([write(tmp_path / "whole", SIX)])
    packed = within([published(tmp_path / "packed") / name])
    for one, other in zip(whole, packed, strict=True):
        assert one.rows
        assert other.rows, "the uncertainty of the test rows is in it"
        np.testing.assert_allclose(one.pairs, other.pairs, rtol=0.05, atol=0.002)


def test_scores_count_before_what_was_packed_of_them(tmp_path: Path) -> None:
    store = Store(write(tmp_path, ONE) / ONE.suite)
    store.pack(("map",))
    assert (read([tmp_path], []) == stored(tmp_path)).all(), "to the last bit"


def test_a_packed_file_that_cannot_be_read_counts_as_not_stored(tmp_path: Path) -> None:
    store = Store(write(tmp_path, ONE) / ONE.suite)
    shutil.rmtree(store.scores_folder)
    store.packed_file.write_bytes(b"PAR1")
    grid = Grid(load_records([next(store.cells_folder.iterdir())]))
    assert not StoredReplicates(grid, [tmp_path], ["map"])
