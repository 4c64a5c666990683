"""Many records in one Parquet file, one a row: its id, its head and its text, each a column."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlbench.records.schema import RecordError, encode, head_of


def pack(records: Sequence[Mapping[str, Any]]) -> bytes:
    """The file's bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "id": [record["id"] for record in records],
            "head": [json.dumps(head_of(record)) for record in records],
            "record": [encode(record) for record in records],
        }
    )
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", compression_level=9, row_group_size=500)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def read_packed(file: Path, column: str, identifier: str | None = None) -> Iterator[str]:
    """One column of packed records, some hundred rows at a time; of one cell alone where it is named."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    try:
        packed = pq.ParquetFile(file, memory_map=True)
        columns = [column] if identifier is None else ["id", column]
        for batch in packed.iter_batches(batch_size=128, columns=columns, use_threads=False):
            if identifier is not None:
                batch = batch.filter(pc.equal(batch["id"], identifier))
            yield from batch[column].to_pylist()
    except (pa.ArrowException, KeyError, OSError) as error:
        raise RecordError(f"{file}: not a file of packed records: {error}") from error
