"""Packed records keep replicates in a byte a draw: what comes back is near enough, and gaps stay gaps."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlbench.records import Store
from mlbench.records.packed import packed_replicates
from mlbench.records.replicates import restore, shrink
from tests.records.test_scores import HOSTILE
from tests.records.test_store import record

DRAWS = st.lists(st.floats(0, 1, width=32) | st.just(float("nan")), min_size=1, max_size=60)


@given(DRAWS, st.floats(0, 1))
def test_no_draw_is_off_by_more_than_half_a_step(values: list[float], centre: float) -> None:
    drawn = np.array(values, np.float32)
    kept = shrink(drawn, centre)
    assert len(kept.deviations) == len(drawn)
    back = restore(kept, centre)
    assert (np.isnan(back) == np.isnan(drawn)).all()
    there = ~np.isnan(drawn)
    largest = np.abs(drawn[there] - centre).max(initial=0.0)
    assert (np.abs(back - drawn)[there] <= largest / 254 * 1.001 + 1e-7).all()


def test_draws_that_do_not_differ_from_the_value_do_not_after() -> None:
    assert (restore(shrink(np.full(5, 0.25, np.float32), 0.25), 0.25) == 0.25).all()
    assert np.isnan(restore(shrink(np.full(5, np.nan, np.float32), 0.25), 0.25)).all()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two cells: one with scores, one without."""
    made = Store(tmp_path / "small")
    made.prepare()
    probe = {"validation": {}, "test": {"map": 0.7}}
    drawn = np.linspace(0.4, 0.6, 200, dtype=np.float32)
    scores = {
        "bootstrap/map": drawn,
        "probe_bootstrap/map": drawn + np.float32(0.2),
        "bootstrap/f1_macro@label": drawn,
        "bootstrap/lrap": drawn,
    }
    made.write(record(probe_metrics=probe), scores)
    made.write(record("b" * 20))
    return made


def test_packing_keeps_the_replicates_of_the_metrics_asked_for(store: Store) -> None:
    """Of both readings; of a metric that the record has no number of, none."""
    found = packed_replicates(store.pack(("map", "f1_macro@label")))
    assert {cell: set(kept) for cell, kept in found.items()} == {
        "a" * 20: {"bootstrap/map", "probe_bootstrap/map"}
    }
    drawn = store.scores("a" * 20)["probe_bootstrap/map"]
    assert np.abs(restore(found["a" * 20]["probe_bootstrap/map"], 0.7) - drawn).max() < 0.001


def test_packing_again_without_the_scores_loses_none(store: Store) -> None:
    first = packed_replicates(store.pack(("map",)))
    shutil.rmtree(store.scores_folder)
    shutil.rmtree(store.cells_folder)
    assert packed_replicates(store.pack(("map",))) == first
    assert len(store.ids()) == 2


def test_a_cell_that_was_trained_anew_without_scores_has_none(store: Store) -> None:
    """Those that were packed before are of other numbers, and so is what only one reading changed."""
    store.pack(("map",))
    store.write(record(probe_metrics={"validation": {}, "test": {"map": 0.6}}), None)
    store.scores_file("a" * 20).unlink(missing_ok=True)
    assert set(packed_replicates(store.pack(("map",)))["a" * 20]) == {"bootstrap/map"}
    store.write(record(metrics={"validation": {}, "test": {"map": 0.1}}), None)
    assert packed_replicates(store.pack(("map",))) == {}


@pytest.mark.filterwarnings("ignore:unclosed file")  # numpy leaves a broken archive open
@pytest.mark.parametrize("content", [b"PK", *HOSTILE.values()], ids=["damaged", *HOSTILE])
def test_damaged_scores_count_as_not_kept(content: bytes, store: Store) -> None:
    store.scores_file("a" * 20).write_bytes(content)
    assert packed_replicates(store.pack(("map",))) == {}


def test_files_without_the_column_hold_none(store: Store) -> None:
    file = store.pack(("map",))
    parquet.write_table(parquet.read_table(file).drop_columns(["replicates"]), file)
    assert packed_replicates(file) == {}
    assert len(list(store.records())) == 2


@pytest.mark.parametrize(
    ("name", "scale", "deviations"),
    [
        ("other/map", 0.1, b"a"),
        ("bootstrap/map", "x", b"a"),
        ("bootstrap/map", None, b"a"),
        ("bootstrap/map", 0.1, "a"),
        ("bootstrap/map", 0.1, None),
    ],
)
def test_what_cannot_be_restored_is_left_out(name: str, scale: Any, deviations: Any, store: Store) -> None:
    file = store.pack(("map",))
    store.scores_file("a" * 20).unlink()
    table = parquet.read_table(file)
    kept = pa.struct({"scale": pa.array([scale]).type, "deviations": pa.array([deviations]).type})
    hostile = pa.array([[(name, {"scale": scale, "deviations": deviations})], []], pa.map_(pa.string(), kept))
    at = table.column_names.index("replicates")
    parquet.write_table(table.set_column(at, "replicates", hostile), file)
    assert packed_replicates(file) == {}
    assert packed_replicates(store.pack(("map",))) == {}
