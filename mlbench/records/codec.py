"""A record as text: how it is written and read back, and what it must hold to be one."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

from mlbench.errors import ERROR_CLASSES, DataError
from mlbench.plain_text import fit, fit_all, said, writable
from mlbench.records.door import fault
from mlbench.records.schema import HEAD, SCHEMA

VALUES = ("dataset_parameters", "encoder_options", "train")
"""The parts of a cell that hold values, as its loss's `parameters` do."""
_SUSPICIOUS = re.compile(
    rb"\\[bfr]|\\u(00|20|fe|ff|FE|FF)|\x7f|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]|\xef\xbb\xbf|\xef\xbf[\xbe\xbf]"
)
"""What JSON has where a text in it is not fit: most records have none of it, and are not looked through."""


class RecordError(DataError):
    """A file that is no record: truncated, not JSON, of another schema, or without a key it must have."""


def encode(record: Mapping[str, Any]) -> str:
    """A record as text: two lines of JSON, the head on the first."""
    plain = {str(key): _plain(value, writable if key == "cell" else fit) for key, value in record.items()}
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
    return _fit(dict(record), content)


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
    check({"metrics": {}, **head} if isinstance(head, dict) else head, str(file))
    return _fit(dict(head), line)


def _fit(record: dict[str, Any], content: bytes) -> dict[str, Any]:
    """With its texts fit to be shown; the values that its cell is trained with stay, since it may be trained again."""
    if not _SUSPICIOUS.search(content):
        return record
    found: dict[str, Any] = fit_all(record)
    then, now = record["cell"], found["cell"]
    if isinstance(then, dict):
        now.update({key: then[key] for key in VALUES if key in then})
        if isinstance(then.get("loss"), dict) and "parameters" in then["loss"]:
            now["loss"]["parameters"] = then["loss"]["parameters"]
    return found


def check(record: Any, where: str) -> None:
    """The one door for records, written or read: raises RecordError that names `where` and the part that is wrong."""
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
    if wrong := fault(record):
        raise RecordError(f"{where}: {wrong}")
    if record["status"] == "done" and not isinstance(record["metrics"], dict):
        raise RecordError(f"{where}: a finished record must have metrics")
    if record["status"] == "failed" and (record.get("error") or {}).get("class") not in ERROR_CLASSES:
        raise RecordError(f"{where}: a failed record must have an error of a known class")


def _plain(value: Any, text: Callable[[str], str]) -> Any:
    """Numbers, lists, dicts and text, of which `text` makes what is written; null for a number that is not finite."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        return {text(str(key)): _plain(item, text) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, text) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, int | bool):
        return value
    if hasattr(value, "tolist"):
        return _plain(value.tolist(), text)
    return text(said(value))
