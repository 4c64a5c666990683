"""Replicates are read from beside the record that counts, and damaged ones are as if there were none."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mlbench.records import Store
from mlbench.report.grid import Grid
from mlbench.report.merge import merge
from mlbench.report.replicates import Replicates
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
    drawn: np.ndarray = Replicates(grid, paths, ["map"], against).load(0, 0)["own", "map"][0, 0]
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
    replicates = Replicates(grid, [root], ["map"])
    assert replicates
    assert replicates.load(0, 0) == {}
