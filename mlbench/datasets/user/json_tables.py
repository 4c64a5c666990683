"""JSON files of a user's own: one object a line, or a whole file that holds rows, columns, or COCO's annotations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

from mlbench.errors import DataError
from mlbench.plain_text import parse_json

Columns = dict[str, list[Any]]
RowNames = Callable[[int], str]
COCO = {"images", "annotations", "categories"}


def read_json(file: Path, stream: TextIO) -> tuple[Columns, RowNames]:
    """The columns of JSON objects, and what the file calls a row: its line, or its number in the list."""
    first = next((line for line in stream if line.strip()), "")
    stream.seek(0)
    if first.strip()[:1] == "[":
        return _of_rows(file, _parse(file, 1, stream.read()), "object")
    if first.strip()[:1] == "{":
        # Of several objects, one a line, this is none.
        whole = _whole(stream)
        stream.seek(0)
        if isinstance(whole, dict):
            return _of_object(file, whole)
    rows, lines = [], []
    for number, line in enumerate(stream, start=1):
        if line.strip():
            rows.append(_parse(file, number, line))
            lines.append(number)
    return _of_rows(file, rows, "line", lines)


def _whole(stream: TextIO) -> Any:
    """The one value of the whole file; None where it is none."""
    try:
        return parse_json(stream.read())
    except ValueError:
        return None


def _of_object(file: Path, whole: dict[str, Any]) -> tuple[Columns, RowNames]:
    if set(whole) >= COCO:
        return _of_coco(file, whole)
    if (rows := _rows_inside(whole)) is not None:
        return _of_rows(file, rows, "object")
    if (columns := _columns_inside(whole)) is not None:
        return columns, lambda row: f"row {row}"
    if all(isinstance(value, dict) for value in whole.values()) and len(whole) > 1:
        raise DataError(
            f"{file}: one object of {len(whole)} objects, such as {next(iter(whole))[:40]!r}; write a list of them, "
            "[{…}, {…}], with what they are called as a key of each"
        )
    if (
        len(whole) > 1
        and all(isinstance(value, list | str) for value in whole.values())
        and _keyed_by_text(whole)
    ):
        raise DataError(
            f"{file}: one object whose {len(whole)} keys are the texts, such as {next(iter(whole))[:40]!r}; write a "
            'list of objects, [{"text": …, "labels": […]}, …]'
        )
    return _of_rows(file, [whole], "object")


def _keyed_by_text(whole: Mapping[str, Any]) -> bool:
    """Whether keys are more like texts than like names of columns."""
    return len(whole) > 20 or any(len(key.split()) > 3 for key in whole)


def _rows_inside(whole: Mapping[str, Any]) -> list[Any] | None:
    """The one list of objects of {"data": […]}, whatever its key is; a table of pandas' orient="split" too."""
    names, data = whole.get("columns"), whole.get("data")
    if isinstance(names, list) and isinstance(data, list) and all(isinstance(row, list) for row in data):
        return [dict(zip(names, row, strict=False)) for row in data]
    lists = [
        value
        for value in whole.values()
        if isinstance(value, list) and value and all(isinstance(each, dict) for each in value)
    ]
    others = [value for value in whole.values() if isinstance(value, str) and len(value.split()) > 8]
    return lists[0] if len(lists) == 1 and not others and not _is_row(whole) else None


def _is_row(whole: Mapping[str, Any]) -> bool:
    """Whether it is a sample itself, of which the one list of objects holds the labels."""
    return any(key in whole for key in ("text", "labels", "id", "image", "file_name", "features"))


def _columns_inside(whole: Mapping[str, Any]) -> Columns | None:
    """As pandas writes a table: {"text": {"0": …}, "labels": {"0": …}}, or {"text": […], "labels": […]}."""
    values = list(whole.values())
    if len(values) < 2:
        return None
    if all(isinstance(value, dict) for value in values):
        keys = [list(value) for value in values]
        alike = all(each == keys[0] for each in keys) and keys[0] == [str(row) for row in range(len(keys[0]))]
        return {name: list(value.values()) for name, value in whole.items()} if alike and keys[0] else None
    if all(isinstance(value, list) for value in values) and len({len(value) for value in values}) == 1:
        inner = any(isinstance(each, list) for value in values for each in value)
        return dict(whole) if inner and len(values[0]) > 1 and not _keyed_by_text(whole) else None
    return None


def _of_coco(file: Path, whole: dict[str, Any]) -> tuple[Columns, RowNames]:
    """An image a row, with the names of the categories that its annotations have."""
    try:
        categories = {each["id"]: str(each["name"]) for each in whole["categories"]}
        names: dict[Any, dict[str, None]] = {image["id"]: {} for image in whole["images"]}
        for annotation in whole["annotations"]:
            names[annotation["image_id"]][categories[annotation["category_id"]]] = None
        files = [image["file_name"] for image in whole["images"]]
    except (KeyError, TypeError) as error:
        raise DataError(
            f"{file}: it looks like COCO's annotations, but {error} is missing; every image needs id and file_name, "
            "every annotation image_id and category_id, every category id and name"
        ) from None
    columns: Columns = {
        "file_name": files,
        "labels": [list(each) for each in names.values()],
        "id": [str(image) for image in names],
    }
    return columns, lambda row: f"image {files[row]!r}"


def _of_rows(file: Path, rows: Any, word: str, numbers: list[int] | None = None) -> tuple[Columns, RowNames]:
    lines = numbers or list(range(1, len(rows) + 1))
    for number, row in zip(lines, rows, strict=True):
        if not isinstance(row, dict):
            raise DataError(f"{file}, {word} {number}: a JSON object is needed, not {row!r:.60}")
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: [row.get(name) for row in rows] for name in names}, lambda row: f"{word} {lines[row]}"


def _parse(file: Path, number: int, text: str) -> Any:
    try:
        return parse_json(text)
    except ValueError as error:
        raise DataError(
            f"{file}, line {number}: not valid JSON: {error}; write one object a line, or the whole file "
            "as one list of objects"
        ) from None
