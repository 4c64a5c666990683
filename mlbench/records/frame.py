"""Records as a data frame: one row a cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlbench.records.schema import RecordError, decode
from mlbench.records.store import read_packed, stores

if TYPE_CHECKING:
    import pandas as pd


def load_records(paths: Path | str | Iterable[Path | str]) -> pd.DataFrame:
    """All records under results roots, suite folders, packed Parquet files or single records, a row each.

    Columns: `id`, `suite`, `status`, `error_class`, `error_message`, `dataset`, `fraction`, `seed`,
    `encoder`, `loss` (its id in the suite), `loss_name`, then everything else flattened with `/`, such as
    `metrics/test/map`, `dataset/sizes/train`, `timing/train`. A cell found twice counts once; what could not
    be read, and finished records of one cell that disagree, are listed in `frame.attrs["problems"]`.
    """
    import pandas as pd

    rows: dict[str, dict[str, Any]] = {}
    problems: list[str] = []
    for path in [paths] if isinstance(paths, Path | str) else paths:
        for record in _records_of(Path(path)):
            if isinstance(record, RecordError):
                problems.append(str(record))
                continue
            row = flatten(record)
            earlier = rows.get(row["id"])
            if earlier is None or earlier["status"] == "failed":
                rows[row["id"]] = row
            elif row["status"] == "done" and any(
                key.startswith("metrics/test/") and row.get(key) != value for key, value in earlier.items()
            ):
                problems.append(f"cell {row['id']}: two finished records differ; the first one counts")
    frame = pd.DataFrame(list(rows.values()))
    frame.attrs["problems"] = problems
    return frame


def flatten(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as one flat row; lists stay lists."""
    cell, error = record["cell"], record.get("error") or {}
    row: dict[str, Any] = {
        "id": record["id"],
        "suite": record.get("suite"),
        "status": record["status"],
        "error_class": error.get("class"),
        "error_message": error.get("message"),
        "dataset": cell["dataset"],
        "fraction": cell["fraction"],
        "seed": cell["seed"],
        "encoder": cell["encoder"],
        "loss": cell["loss"]["id"],
        "loss_name": cell["loss"]["name"],
    }
    for key, value in record.items():
        if key != "error" and (key not in row or isinstance(value, Mapping)):
            _flatten_into(row, key, value)
    return row


def _flatten_into(row: dict[str, Any], key: str, value: Any) -> None:
    if isinstance(value, Mapping):
        for name, item in value.items():
            _flatten_into(row, f"{key}/{name}", item)
    else:
        row[key] = value


def _records_of(path: Path) -> Iterator[dict[str, Any] | RecordError]:
    if path.suffix == ".parquet" and path.is_file():
        for text in read_packed(path, "record"):
            yield decode(text.encode(), str(path))
    elif path.suffix == ".json" and path.is_file():
        yield decode(path.read_bytes(), str(path))
    else:
        for store in stores(path):
            yield from store.records()
