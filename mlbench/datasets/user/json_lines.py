"""JSON files of a user's own: one object a line, or the whole file one list of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from mlbench.errors import DataError


def read_json_lines(file: Path, stream: TextIO) -> tuple[dict[str, list[Any]], Callable[[int], str]]:
    """The columns of JSON objects, and what the file calls a row: its line, or its number in the list."""
    start = next((line.strip()[0] for line in stream if line.strip()), "")
    stream.seek(0)
    rows: list[dict[str, Any]] = []
    lines, word = [], "line"
    if start == "[":
        rows = _parse(file, 1, stream.read())
        lines = list(range(1, len(rows) + 1))
        word = "object"
    else:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                rows.append(_parse(file, number, line))
                lines.append(number)
    for number, row in zip(lines, rows, strict=True):
        if not isinstance(row, dict):
            raise DataError(f"{file}, {word} {number}: a JSON object is needed, not {row!r:.60}")
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: [row.get(name) for row in rows] for name in names}, lambda row: f"{word} {lines[row]}"


def _parse(file: Path, number: int, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{file}, line {number}: not valid JSON: {error}; write one object a line, or the whole file "
            "as one list of objects"
        ) from None
