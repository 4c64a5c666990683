"""Many records in one Parquet file, one a row: its id, its head, its text and its replicates, each a column."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlbench.records.codec import RecordError, decoded, encode, head_of
from mlbench.records.replicates import KeptReplicates, is_kept

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

Stamp = tuple[int, int, int]
Replicates = Mapping[str, KeptReplicates]
"""Of one cell, by their names in its scores file."""


def pack(records: Sequence[Mapping[str, Any]], replicates: Mapping[str, Replicates]) -> bytes:
    """The file's bytes; `replicates` by the id of their record."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    vectors = pa.map_(pa.string(), pa.struct({"scale": pa.float32(), "deviations": pa.binary()}))
    table = pa.table(
        {
            "id": [record["id"] for record in records],
            "head": [json.dumps(head_of(record)) for record in records],
            "record": [encode(record) for record in records],
            "replicates": pa.array(
                [
                    [(name, kept._asdict()) for name, kept in replicates.get(record["id"], {}).items()]
                    for record in records
                ],
                type=vectors,
            ),
        }
    )
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", compression_level=19, row_group_size=500)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def read_packed(file: Path, column: str) -> Iterator[str]:
    """One column of packed records, some hundred rows at a time."""
    with _opened(file) as packed:
        for batch in packed.iter_batches(batch_size=128, columns=[column], use_threads=False):
            yield from batch[column].to_pylist()


def packed_records(file: Path) -> Iterator[dict[str, Any] | RecordError]:
    """Every record; a row or a file that holds none comes as the RecordError it raises."""
    try:
        for text in read_packed(file, "record"):
            yield decoded(str(text).encode(), str(file))
    except RecordError as error:
        yield error


def packed_replicates(file: Path) -> dict[str, dict[str, KeptReplicates]]:
    """Of every packed record that has some, by its id; none in files of before there was such a column. What another
    program wrote there is left out where it is none."""
    found = {}
    with _opened(file) as packed:
        if "replicates" in packed.schema_arrow.names:
            for batch in packed.iter_batches(batch_size=128, columns=["id", "replicates"], use_threads=False):
                for identifier, pairs in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    read = {name: KeptReplicates(**kept) for name, kept in pairs or ()}
                    if usable := {name: kept for name, kept in read.items() if is_kept(name, kept)}:
                        found[identifier] = usable
    return found


def without_replicates(file: Path, replicates: Collection[str]) -> list[str]:
    """The packed cells that have finished and were to have replicates, and whose id is not among those that do."""
    found = []
    for text in read_packed(file, "head"):
        head = json.loads(text)
        wanted = (head["cell"].get("train") or {}).get("bootstrap", True)
        if head["status"] == "done" and wanted and head["id"] not in replicates:
            found.append(head["id"])
    return found


def packed_ids(file: Path) -> Mapping[str, tuple[int, int]]:
    """The id of every packed record, with the row group and the row that hold it. Read once, until the file is
    another."""
    return _index(file, _stamp(file))


def read_one(file: Path, column: str, identifier: str) -> str | None:
    """One column of one packed record, None where there is none of that id; those beside it come cheaply after."""
    place = packed_ids(file).get(identifier)
    if place is None:
        return None
    group, row = place
    return str(_group(file, _stamp(file), group, column)[row].as_py())


def _stamp(file: Path) -> Stamp:
    """Another for each file that is moved into this one's place."""
    status = file.stat()
    return status.st_ino, status.st_mtime_ns, status.st_size


@lru_cache(maxsize=64)
def _index(file: Path, _: Stamp) -> dict[str, tuple[int, int]]:
    with _opened(file) as packed:
        groups = (packed.read_row_group(group, columns=["id"]) for group in range(packed.num_row_groups))
        return {
            identifier: (group, row)
            for group, table in enumerate(groups)
            for row, identifier in enumerate(map(str, table["id"].to_pylist()))
        }


@lru_cache(maxsize=4)
def _group(file: Path, _: Stamp, group: int, column: str) -> pa.ChunkedArray:
    with _opened(file) as packed:
        return packed.read_row_group(group, columns=[column], use_threads=False)[column]


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[pq.ParquetFile]:
    """Raises RecordError, here and within, where it is not a file of packed records."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file, memory_map=True) as packed:
            yield packed
    except (pa.ArrowException, KeyError, TypeError, ValueError, OSError) as error:
        raise RecordError(
            f"{file}: not a file of packed records: {error}; remove it, or put a whole copy in its place"
        ) from error
