"""A record as text: how it is written and read back, and what it must hold to be one."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from mlbench.errors import ERROR_CLASSES, DataError
from mlbench.records.schema import HEAD, SCHEMA


class RecordError(DataError):
    """A file that is no record: truncated, not JSON, of another schema, or without a key it must have."""


def encode(record: Mapping[str, Any]) -> str:
    """A record as text: two lines of JSON, the head on the first."""
    plain = _plain(record)
    head = json.dumps(head_of(plain), ensure_ascii=False)
    rest = {key: value for key, value in plain.items() if key not in HEAD}
    tail = json.dumps(rest, ensure_ascii=False, allow_nan=False)
    return f"{head[:-1]},\n{tail[1:]}\n" if rest else head + "\n"


def decode(content: bytes, where: str) -> dict[str, Any]:
    """The record in `content`; raises RecordError that names `where`."""
    try:
        record = orjson.loads(content)
    except ValueError as error:
        raise RecordError(f"{where}: not a whole record: {error}") from None
    check(record, where)
    return dict(record)


def decoded(content: bytes, where: str) -> dict[str, Any] | RecordError:
    """The record in `content`, or what is wrong with it, for those who go on without."""
    try:
        return decode(content, where)
    except RecordError as error:
        return error


def head_of(record: Mapping[str, Any]) -> dict[str, Any]:
    return {key: record[key] for key in HEAD if key in record}


def decode_head(line: bytes, file: str | Path) -> dict[str, Any]:
    stripped = line.rstrip()
    try:
        head = orjson.loads(stripped[:-1] + b"}" if stripped.endswith(b",") else stripped)
    except ValueError:
        return head_of(decode(Path(file).read_bytes(), str(file)))
    check({"metrics": None, **head}, str(file))
    return dict(head)


def check(record: Any, where: str) -> None:
    if not isinstance(record, Mapping):
        raise RecordError(f"{where}: a record is a JSON object, this is {type(record).__name__}")
    if record.get("schema") != SCHEMA:
        raise RecordError(
            f"{where}: schema {record.get('schema')!r} is not the {SCHEMA} that this version of mlbench reads"
        )
    missing = [key for key in ("id", "cell", "status") if key not in record]
    if missing:
        raise RecordError(f"{where}: the record lacks {', '.join(missing)}")
    if record["status"] not in ("done", "failed"):
        raise RecordError(f"{where}: status {record['status']!r} is neither 'done' nor 'failed'")
    if record["status"] == "done" and "metrics" not in record:
        raise RecordError(f"{where}: a finished record must have metrics")
    if record["status"] == "failed" and (record.get("error") or {}).get("class") not in ERROR_CLASSES:
        raise RecordError(f"{where}: a failed record must have an error of a known class")


def _plain(value: Any) -> Any:
    """Numbers, text, lists and dicts only; a number that is not finite becomes null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int | bool):
        return value
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return str(value)
