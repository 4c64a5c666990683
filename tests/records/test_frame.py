"""Records as a frame: what becomes a column, what counts once, how much memory it takes."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlbench.records import Store, load_records


def record(identifier: str, **changes: Any) -> dict[str, Any]:
    cell = {"dataset": "digits", "fraction": 1.0, "seed": 0, "encoder": "conv", "train": {"epochs": 3},
            "loss": {"name": "asl", "id": "asl", "parameters": {"gamma_neg": 4.0, "eps": None}}}  # fmt: skip
    base = {"schema": 1, "id": identifier, "suite": "s", "status": "done", "error": None, "cell": cell,
            "metrics": {"test": {"map": 0.5, "lrap": 0.25}}, "dataset": {"sizes": {"train": 7}, "labels": ["a", "b"]},
            "history": {"epochs": [{"epoch": 0, "loss": 1.0}]}, "memory": {"device_peak": None}}  # fmt: skip
    return {**base, **changes}


def write(folder: Path, *records: dict[str, Any]) -> Store:
    store = Store(folder)
    store.prepare()
    for item in records:
        store.write(item)
    return store


def test_everything_becomes_a_column_and_keeps_its_type(tmp_path: Path) -> None:
    other = record("b", metrics={"test": {"map": 0.75}}, memory={"device_peak": 10})
    write(tmp_path / "s", record("a"), other)
    frame = load_records(tmp_path)
    first, second = frame.iloc[0], frame.iloc[1]
    assert (first["dataset"], first["loss"], first["cell/train/epochs"]) == ("digits", "asl", 3)
    assert frame["cell/train/epochs"].dtype == "int64"
    assert (first["metrics/test/map"], second["metrics/test/map"]) == (0.5, 0.75)
    assert math.isnan(second["metrics/test/lrap"])
    assert first["dataset/sizes/train"] == 7
    assert first["dataset/labels"] == ["a", "b"]
    assert first["history/epochs"] == [{"epoch": 0, "loss": 1.0}]
    assert second["memory/device_peak"] == 10
    assert type(second["memory/device_peak"]) is int, "a whole number stays one beside a gap"
    assert frame["error_class"].isna().all()
    assert frame["cell/loss/parameters/eps"].isna().all()


def test_numbers_that_are_gaps_elsewhere_stay_numbers(tmp_path: Path) -> None:
    write(tmp_path / "s", record("a"), record("b", metrics={"test": {"map": None, "lrap": 1.5}}))
    frame = load_records(tmp_path)
    assert frame["metrics/test/map"].dtype == "float64"
    assert math.isnan(frame["metrics/test/map"][1])
    assert list(frame["metrics/test/lrap"]) == [0.25, 1.5]


def test_a_cell_found_twice_counts_once_and_done_wins(tmp_path: Path) -> None:
    failed = {"status": "failed", "error": {"class": "oom", "message": "", "traceback": ""}}
    write(tmp_path / "x/s", record("a", **failed))
    write(tmp_path / "y/s", record("a"))
    write(tmp_path / "z/s", record("a", **failed))
    for order in (["x", "y", "z"], ["y", "x", "z"]):
        frame = load_records([tmp_path / name for name in order])
        assert list(frame["status"]) == ["done"]
        assert not frame.attrs["problems"]


def test_two_finished_records_that_differ_are_named(tmp_path: Path) -> None:
    write(tmp_path / "x/s", record("a"))
    write(tmp_path / "y/s", record("a", metrics={"test": {"map": 0.6}}))
    frame = load_records([tmp_path / "x", tmp_path / "y"])
    assert list(frame["metrics/test/map"]) == [0.5]
    assert frame.attrs["problems"] == ["cell a: two finished records differ; the first one counts"]


def test_many_that_differ_are_a_line(tmp_path: Path) -> None:
    write(tmp_path / "x/s", *map(record, "abcde"))
    write(tmp_path / "y/s", *(record(name, metrics={"test": {"map": 0.6}}) for name in "abcde"))
    frame = load_records([tmp_path / "x", tmp_path / "y", tmp_path / "y"])
    assert frame.attrs["problems"] == [
        "5 cells, each with two finished records that differ; the first one counts: a, b, c and 2 more"
    ]


def test_packed_and_own_files_give_the_same_frame(tmp_path: Path) -> None:
    store = write(tmp_path / "s", *map(record, "abc"))
    whole = load_records(tmp_path)
    packed = store.pack()
    for file in store.cells_folder.iterdir():
        file.unlink()
    assert load_records(tmp_path).equals(whole)
    assert load_records(packed).equals(whole)
    assert store.read("b")["id"] == "b"
    with pytest.raises(KeyError):
        store.read("d")


def test_a_broken_file_is_named_and_left_out(tmp_path: Path) -> None:
    store = write(tmp_path / "s", record("a"))
    store.cell_file("b").write_text('{"schema": 1, "id"')
    frame = load_records(tmp_path)
    assert len(frame) == 1
    assert "b.json" in frame.attrs["problems"][0]


def test_many_records_take_little_memory(tmp_path: Path) -> None:
    """A thousand records of a thousand numbers: 8 MB of numbers, 60 MB as text, 0.3 GB as dicts."""
    code = """
import json, resource, sys
from pathlib import Path
from mlbench.records import Store, load_records
import pandas, pyarrow.parquet
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
frame = load_records(Path(sys.argv[1]))
assert frame.shape[0] == 1000 and frame.shape[1] > 1000
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    store = Store(tmp_path / "s")
    store.prepare()
    metrics = {"test": {f"metric_{index}": 0.123456789 + index for index in range(1000)}}
    for index in range(1000):
        text = json.dumps(record(f"{index:04}", metrics=metrics))
        store.cell_file(f"{index:04}").write_text(text)
    used = int(subprocess.run([sys.executable, "-c", code, tmp_path], check=True, capture_output=True).stdout)
    assert used < 80_000, f"{used} kB"
