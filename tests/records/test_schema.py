"""The schema is true: every record that is built fits it, key by key and type by type, and it names no other key."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_type_hints

import pytest
from pydantic import ConfigDict, TypeAdapter, ValidationError

from mlbench.records import Store
from mlbench.records import schema as module
from mlbench.records.schema import HEAD, CellDescription, Record
from mlbench.suite import parse_suite

PUBLISHED = Path(__file__).parents[2] / "results"
TINY = """
name = "tiny"
seeds = [0, 1, 2]
fractions = [1.0]
losses = ["bce", "supcon", {{ name = "bce", repeats = "bce" }}]
[train]
epochs = 1
min_steps = 2
batch_size = 32
probe_steps = 5
evaluations = 1
[tuning]
trials = 2
[[datasets]]
name = "synthetic-features"
samples = 200
labels = 9
encoder = "features"
"""


@pytest.fixture(scope="module", autouse=True)
def strict() -> None:
    """No key is allowed that the schema does not name."""
    for each in vars(module).values():
        if isinstance(each, type) and hasattr(each, "__required_keys__"):
            each.__pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[attr-defined]


def faults(record: dict[str, Any]) -> list[str]:
    try:
        TypeAdapter(Record).validate_python(record, strict=True)
    except ValidationError as error:
        return [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
    return []


def test_what_a_cell_says_of_itself_is_the_schema_s() -> None:
    grid = parse_suite(TINY.format(), "tiny.toml").grid()
    described = [*grid.cells, *(final.plain for final in grid.finals)]
    for cell in described:
        TypeAdapter(CellDescription).validate_python(cell.describe(), strict=True)
    assert {key for cell in described for key in cell.describe()} == set(get_type_hints(CellDescription))


@pytest.mark.slow
def test_records_of_real_cells_fit_and_leave_no_key_of_the_schema_unused(tmp_path: Path) -> None:
    from mlbench.runner import RunOptions, run_suites

    suite = parse_suite(TINY.format(), "tiny.toml")
    run_suites([suite], RunOptions(results=tmp_path / "results", device="cpu", jobs=1))
    records = list(Store(tmp_path / "results" / "tiny").records())
    assert len(records) == 2 * 2 + 3 * 2
    for record in records:
        assert isinstance(record, dict)
        assert faults(record) == []
    run_suites([suite], RunOptions(results=tmp_path / "late", device="cpu", jobs=1, time_limit=0.01))
    late = list(Store(tmp_path / "late" / "tiny").records())
    for record in late:
        assert isinstance(record, dict)
        assert record["error"]["class"] == "timeout"
        assert faults(record) == []
    used = {key for record in [*records, *late] if isinstance(record, dict) for key in record}
    assert set(get_type_hints(Record)) - used == {"taken_over_from"}


@pytest.mark.parametrize(
    "file", sorted(PUBLISHED.glob("*/records.parquet")), ids=lambda file: file.parent.name
)
def test_published_records_fit(file: Path) -> None:
    for number, record in enumerate(Store(file.parent).records()):
        assert isinstance(record, dict)
        if number % 50 == 0 and record["code"].get("training") == 3:
            assert faults(record) == []


def test_the_head_names_keys_of_the_schema() -> None:
    assert set(HEAD) <= set(get_type_hints(Record))
    assert faults({"schema": 1, "id": 5, "nonsense": 0}) != []
