"""A record is found by its file, by its id, by the start of that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlbench.errors import DataError
from mlbench.records import Store, encode, find_record
from mlbench.suite import parse_suite

SUITE = """
name = "tiny"
seeds = [0]
fractions = [1.0]
losses = ["bce"]
[[datasets]]
name = "synthetic-features"
encoder = "features"
"""


@pytest.fixture
def record() -> dict[str, Any]:
    cell = parse_suite(SUITE, "tiny.toml").cells()[0].describe()
    return {"schema": 1, "id": "ab01", "cell": cell, "status": "done", "metrics": {}}


def test_a_record_is_found_by_its_file_or_the_start_of_its_id(record: dict[str, Any], tmp_path: Path) -> None:
    store = Store(tmp_path / "tiny")
    store.prepare()
    for identifier in ("ab01", "ab12", "cd01"):
        store.write({**record, "id": identifier})
    assert find_record("cd", tmp_path)[0]["id"] == "cd01"
    found, its_store = find_record(str(store.cell_file("ab12")), tmp_path / "elsewhere")
    assert (found["id"], its_store) == ("ab12", store)
    loose = tmp_path / "loose.json"
    loose.write_text(encode(record), encoding="utf-8")
    assert find_record(str(loose), tmp_path) == (record, None)
    with pytest.raises(DataError, match="2 cells, such as ab01, of"):
        find_record("ab", tmp_path)
    with pytest.raises(DataError, match="no cell of"):
        find_record("ff", tmp_path)
    with pytest.raises(DataError, match="there is no such file"):
        find_record("none.json", tmp_path)
    store.pack()
    store.cell_file("cd01").unlink()
    assert find_record("cd01", tmp_path)[0]["id"] == "cd01"


def test_a_record_is_found_in_files_of_records_and_in_several_places(
    record: dict[str, Any], tmp_path: Path
) -> None:
    first, second = Store(tmp_path / "one/tiny"), Store(tmp_path / "two/tiny")
    for store in (first, second):
        store.prepare()
    error = {"class": "oom", "message": "", "traceback": ""}
    first.write({**record, "status": "failed", "error": error})
    second.write({**record, "suite": "second"})
    second.write({**record, "id": "cd01"})
    found, store = find_record("ab", tmp_path / "one", tmp_path / "two")
    assert (found["suite"], store) == ("second", second)
    assert find_record("ab", tmp_path / "one")[0]["status"] == "failed"
    packed = second.pack()
    assert find_record("cd01", packed)[1] == second
    elsewhere = tmp_path / "published.parquet"
    elsewhere.write_bytes(packed.read_bytes())
    found, store = find_record("cd01", tmp_path / "one", elsewhere)
    assert (found["id"], store) == ("cd01", None)
    assert find_record("ab01", first.cell_file("ab01"))[1] == first
    with pytest.raises(DataError, match=r"no cell of .*tiny, .*published\.parquet has an id"):
        find_record("ee", first.folder, elsewhere)
