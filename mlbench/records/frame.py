"""Records as a data frame: one row a cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlbench.records.codec import RecordError, decoded
from mlbench.records.columns import Columns
from mlbench.records.packed import packed_records
from mlbench.records.store import stores

if TYPE_CHECKING:
    import pandas as pd


SHOWN = 3
"""So many of the cells whose records differ are named."""


_Stage = tuple[bool, tuple[int, ...], int, str] | None
"""Whether a cell is a final one, by which trials it was tuned (their seeds and sequence), and what their finals have
otherwise; None where it was not tuned."""


def load_records(paths: Path | str | Iterable[Path | str]) -> pd.DataFrame:
    """All records under results roots, suite folders, packed Parquet files or single records, a row each.

    Columns: `id`, `suite`, `status`, `error_class`, `error_message`, `dataset`, `fraction`, `seed`,
    `encoder`, `loss` (its id in the suite), `loss_name`, then everything else flattened with `/`, such as
    `metrics/test/map`, `dataset/sizes/train`, `timing/train`. A cell found twice counts once, of a suite that is tuned
    and of one that is not once for each, and once for each search that it is of; what could not be read, and finished
    records of one cell that disagree, are listed in `frame.attrs["problems"]`.
    """
    table, problems = Columns(), list[str]()
    rows: dict[tuple[str, _Stage], int] = {}
    finished: dict[str, int] = {}
    there = set[tuple[str, _Stage]]()
    apart: dict[str, None] = {}
    for path in [paths] if isinstance(paths, Path | str) else paths:
        for record in _records_of(Path(path)):
            if isinstance(record, RecordError):
                problems.append(str(record))
                continue
            identifier, digest = record["id"], _digest(record)
            key = identifier, _stage(record)
            if key not in there:
                rows[key] = table.add(_row(record))
            if digest is not None:
                there.add(key)
                if finished.setdefault(identifier, digest) != digest:
                    apart[identifier] = None
    problems += _differing(list(apart))
    frame = table.frame(list(rows.values()))
    frame.attrs["problems"] = problems
    return frame


def _differing(cells: Sequence[str]) -> list[str]:
    """What is said of cells of which two finished records differ: in a line, however many there are."""
    if len(cells) < 2:
        return [
            f"cell {identifier}: two finished records differ; the first one counts" for identifier in cells
        ]
    more = f" and {len(cells) - SHOWN} more" if len(cells) > SHOWN else ""
    return [
        f"{len(cells)} cells, each with two finished records that differ; the first one counts: "
        f"{', '.join(cells[:SHOWN])}{more}"
    ]


def _stage(record: Mapping[str, Any]) -> _Stage:
    trial = record["cell"].get("trial")
    if not trial:
        return None
    otherwise = repr(trial.get("spared", ()))
    return bool(trial.get("final")), tuple(trial.get("seeds", ())), int(trial.get("sequence", 0)), otherwise


def _digest(record: Mapping[str, Any]) -> int | None:
    """What two finished records of one cell must agree on; None for a failed one."""
    if record["status"] != "done":
        return None
    return hash(tuple(sorted(record["metrics"].get("test", {}).items())))


def _row(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as one row: what names the cell on top, everything else as it stands in the record."""
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
    facts = {f"dataset/{name}": value for name, value in (record.get("dataset") or {}).items()}
    rest = {key: value for key, value in record.items() if key not in row and key != "error"}
    return row | facts | rest


def _records_of(path: Path) -> Iterator[dict[str, Any] | RecordError]:
    if path.suffix == ".parquet" and path.is_file():
        yield from packed_records(path)
    elif path.suffix == ".json" and path.is_file():
        try:
            yield decoded(path.read_bytes(), str(path))
        except OSError as error:
            yield RecordError(f"{path}: cannot be read: {error.strerror}")
    else:
        for store in stores(path):
            yield from store.records()
