"""The store: whole records or none, whatever happens."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from mlbench.errors import DataError
from mlbench.records import HEAD, SCHEMA, RecordError, Store, decode, encode, load_records, packed
from tests.records.least import LEAST_CELL


def record(identifier: str = "a" * 20, status: str = "done", **more: Any) -> dict[str, Any]:
    made = {
        "schema": SCHEMA,
        "id": identifier,
        "suite": "small",
        "status": status,
        "error": None if status == "done" else {"class": "oom", "message": "too big", "traceback": ""},
        "cell": {
            **LEAST_CELL,
            "fraction": 0.1,
            "loss": {"name": "bce", "id": "bce", "parameters": {}},
            "train": {"epochs": 3},
        },
        "started": "2026-01-01T00:00:00+00:00",
        "finished": "2026-01-01T00:01:00+00:00",
    }
    if status == "done":
        made["metrics"] = {"validation": {"map": 0.4}, "test": {"map": 0.5, "f1_macro@label/tail": 0.25}}
    return {**made, **more}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "results" / "small")
    made.prepare()
    return made


def test_what_is_written_is_read_back(store: Store) -> None:
    scores = {"test_logits": np.eye(3, dtype=np.float32), "labels": np.array(["ä", "b"])}
    store.write(record(history={"epochs": [{"loss": np.float32(0.5)}], "bad": float("nan")}), scores)
    back = store.read("a" * 20)
    assert back["metrics"] == record()["metrics"]
    assert back["history"] == {"epochs": [{"loss": 0.5}], "bad": None}
    read = store.scores("a" * 20)
    assert read["test_logits"].dtype == np.float32
    np.testing.assert_array_equal(read["test_logits"], scores["test_logits"])
    assert read["labels"].tolist() == ["ä", "b"]
    assert list(store.tmp_folder.iterdir()) == []


def test_the_head_is_the_first_line(store: Store) -> None:
    store.write(record())
    first, second = store.cell_file("a" * 20).read_text().splitlines()
    assert json.loads(first[:-1] + "}")["status"] == "done"
    assert "metrics" in second
    assert "metrics" not in first
    (head,) = store.heads()
    assert head["cell"]["loss"]["id"] == "bce"
    assert decode(encode(record()).encode(), "here") == record()


def test_a_reformatted_record_is_as_good(store: Store) -> None:
    store.cell_file("a" * 20).write_text(json.dumps(record(), indent=1))
    assert store.read("a" * 20) == record()
    assert next(store.heads())["id"] == "a" * 20


def test_packed_records_count_as_well(store: Store) -> None:
    for index in range(5):
        store.write(record(f"{index:020d}", status="failed" if index == 3 else "done"))
    store.pack()
    for index in range(4):
        store.cell_file(f"{index:020d}").unlink()
    assert store.ids() == {f"{index:020d}" for index in range(5)}
    assert store.read(f"{2:020d}") == record(f"{2:020d}")
    assert sorted(head["status"] for head in store.heads()) == ["done"] * 4 + ["failed"]
    assert len(list(store.records())) == 5
    with pytest.raises(KeyError):
        store.read("unknown")


def test_packed_records_are_found_by_id_without_reading_all(store: Store) -> None:
    """Each row group is decoded once for the ids in it, and the ids once for all: no reading is quadratic."""
    for index in range(1100):
        store.write(record(f"{index:020d}", seed=index))
    store.pack()
    shutil.rmtree(store.cells_folder)
    decoded = packed._group.cache_info().misses, packed._index.cache_info().misses
    ids = sorted(store.ids())
    assert [store.read(identifier)["seed"] for identifier in ids] == list(range(1100))
    assert packed._group.cache_info().misses - decoded[0] == 3
    assert packed._index.cache_info().misses - decoded[1] == 1
    assert store.head(ids[7]) == {key: value for key, value in store.read(ids[7]).items() if key in HEAD}


def test_a_packed_file_that_cannot_be_read_is_named_and_left_alone(store: Store) -> None:
    store.write(record())
    store.write(record("b" * 20))
    whole = store.pack().read_bytes()
    store.cell_file("b" * 20).unlink()
    texts = parquet.ParquetFile(store.packed_file).metadata.row_group(0).column(2)
    start, size = texts.dictionary_page_offset or texts.data_page_offset, texts.total_compressed_size
    for broken in (whole[:100], whole[:start] + bytes(size) + whole[start + size :]):
        store.packed_file.write_bytes(broken)
        for path in (store.folder.parent, [store.cells_folder.parent, store.packed_file]):
            frame = load_records(path)
            assert set(frame["id"]) == {"a" * 20}
            assert str(store.packed_file) in frame.attrs["problems"][0]
        with pytest.raises(RecordError, match=r"records\.parquet"):
            store.pack()
        assert store.packed_file.read_bytes() == broken


@pytest.mark.parametrize(
    "texts", [pa.array([1]), pa.array([b"{}"]), pa.nulls(1)], ids=["int", "bytes", "null"]
)
def test_packed_texts_of_another_type_are_no_records(store: Store, texts: pa.Array) -> None:
    store.write(record())
    table = parquet.read_table(store.pack())
    store.cell_file("a" * 20).unlink()
    hostile = {name: texts if name in ("head", "record") else table[name] for name in table.column_names}
    parquet.write_table(pa.table(hostile), store.packed_file)
    for read in (store.read, store.head):
        with pytest.raises(RecordError, match=r"records\.parquet"):
            read("a" * 20)


def test_a_head_that_cannot_be_read_is_named_with_the_remedy(store: Store) -> None:
    store.cell_file("a" * 20).write_text('{"schema": 1')
    problems: list[str] = []
    assert list(store.heads(problems)) == []
    [said] = problems
    assert re.search(r"a\.json: not a whole record.*; delete the file, and `mlbench run`", said)


def test_a_packed_file_that_was_replaced_is_read_anew(store: Store) -> None:
    store.write(record(history={"steps": 1}))
    store.pack()
    store.cell_file("a" * 20).unlink()
    assert store.read("a" * 20)["history"] == {"steps": 1}
    store.write(record(history={"steps": 2}))
    store.write(record("b" * 20))
    store.pack()
    for identifier in store.ids():
        store.cell_file(identifier).unlink()
    assert store.read("a" * 20)["history"] == {"steps": 2}
    assert store.ids() == {"a" * 20, "b" * 20}


@pytest.mark.parametrize("content", ["", "{", '{"schema": 1}', "[1]", '{"schema": 99, "id": "x"}', "null"])
def test_what_is_no_record_is_named(store: Store, content: str) -> None:
    store.write(record())
    bad = store.cells_folder / "bad.json"
    bad.write_text(content)
    found = list(store.records())
    errors = [item for item in found if isinstance(item, RecordError)]
    assert len(found) == 2
    assert len(errors) == 1
    assert str(bad) in str(errors[0])
    frame = load_records(store.folder.parent)
    assert len(frame) == 1
    assert str(bad) in frame.attrs["problems"][0]


@pytest.mark.parametrize(
    "broken",
    [
        {"status": "half"},
        {"schema": 2},
        {"status": "failed", "error": None},
        {"status": "failed", "error": {"class": "bad luck"}},
    ],
)
def test_what_is_no_record_is_not_written(store: Store, broken: dict[str, Any]) -> None:
    with pytest.raises(RecordError):
        store.write(record(**broken))
    assert store.ids() == set()


def test_frames_merge_folders_and_tell_of_conflicts(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "elsewhere" / "small")
    other.prepare()
    store.write(record("a" * 20))
    store.write(record("b" * 20, status="failed"))
    other.write(record("a" * 20, metrics={"validation": {}, "test": {"map": 0.9}}))
    other.write(record("b" * 20))
    frame = load_records([store.folder, other.folder.parent]).set_index("id")
    assert frame.loc["a" * 20, "metrics/test/map"] == 0.5, "the first finished one counts"
    assert frame.loc["b" * 20, "status"] == "done", "a finished one counts before a failed one"
    assert frame.loc["a" * 20, "metrics/test/f1_macro@label/tail"] == 0.25
    assert frame.loc["a" * 20, "cell/train/epochs"] == 3
    assert len(frame.attrs["problems"]) == 1


def test_no_results(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no results here"):
        load_records(tmp_path)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="results cannot be written here"):
        Store(tmp_path / "file" / "small").prepare()


def _write_for_ever(folder: Path) -> None:
    store, large = Store(folder), record(history={"epochs": [{"loss": float(i)} for i in range(20_000)]})
    while True:
        store.write(large, {"test_logits": np.zeros((200, 200), np.float32)})


def test_a_killed_writer_leaves_only_whole_records(store: Store) -> None:
    context = multiprocessing.get_context("spawn")
    for delay in (0.0, 0.013, 0.031, 0.05):
        process = context.Process(target=_write_for_ever, args=(store.folder,))
        process.start()
        deadline = time.monotonic() + 60
        while not store.cell_file("a" * 20).exists():
            assert time.monotonic() < deadline
            time.sleep(0.005)
        time.sleep(delay)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        assert store.read("a" * 20)["history"]["epochs"][-1] == {"loss": 19_999.0}
        assert store.scores("a" * 20)["test_logits"].shape == (200, 200)
        assert [path.name for path in store.cells_folder.iterdir()] == ["a" * 20 + ".json"]
