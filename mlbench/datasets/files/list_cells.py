"""Cells of text that hold a list, as JSON or Python writes it; and those that only look like one."""

from __future__ import annotations

import ast
import contextlib
import json
import math
import re
from collections.abc import Sequence

from mlbench.datasets.files.columns import Place
from mlbench.datasets.files.hints import setting

JSON = "json"
"""The separator that says that a cell holds a list, as JSON or as Python writes it."""

_STRING = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
PYTHON_LIST = re.compile(rf"\[\s*(?:{_STRING}\s*(?:,\s*{_STRING}\s*)*)?\]")
"""A list of strings as pandas writes it into a CSV file. Two strings without a comma between them, as numpy writes
them, are none: to Python they are one string."""

_CLOSING = {"[": "]", "(": ")", "{": "}"}
_REMEDY = 'write every cell as a JSON list, ["one", "two"]'


def read_list(cell: str) -> list[object] | None:
    """The list that a cell holds; None where it is none."""
    for read in (json.loads, _read_python_list):
        with contextlib.suppress(ValueError, SyntaxError, RecursionError):
            values = read(cell)
            return values if isinstance(values, list) else None
    return None


def _read_python_list(cell: str) -> object:
    return ast.literal_eval(cell.strip()) if PYTHON_LIST.fullmatch(cell.strip()) else None


def refuse_lists(cells: Sequence[str | None], separator: str, name: str, place: Place) -> None:
    """Raise where a cell is a list, or is written like one, and `separator` would leave its brackets and quotes in the
    names: `[a];[b]` is none, `['a' 'd']`, `('a', 'd')` and `[a, d]` are."""
    present = [cell.strip() for cell in cells if cell and cell.strip()]
    listed = present and all(cell.startswith("[") and cell.endswith("]") for cell in present)
    if listed and read_list(present[0]) is not None:
        raise place.error(
            None,
            f"column {name!r} holds lists such as {present[0]!r:.60}, which {separator!r} does not divide; "
            f"say {setting('separator', JSON)}",
        )
    for row, cell in enumerate(cells):
        if cell and _looks_like_list(cell.strip(), separator):
            raise place.error(row, f"column {name!r}: {_says_what_it_is(cell.strip(), cells)}")


def _says_what_it_is(cell: str, cells: Sequence[str | None]) -> str:
    if read_list(cell) is not None:
        others = next(
            (other for other in cells if other and other.strip() and read_list(other) is None), None
        )
        if others is None:
            return f"{cell!r:.60} is a list; say {setting('separator', JSON)}"
        return f"{cell!r:.60} is a list and {others.strip()!r:.40} is none; write all of them in one way"
    if re.fullmatch(rf"\[\s*{_STRING}(?:\s+{_STRING})*\s*\]", cell):
        return f"{cell!r:.60} is an array as numpy prints it; {_REMEDY} (in pandas, `.map(list)` before `.to_csv`)"
    return f"{cell!r:.60} looks like a list, set or tuple; {_REMEDY}, and say {setting('separator', JSON)}"


def _looks_like_list(cell: str, separator: str) -> bool:
    """Whether brackets stand around the whole cell and are cut by the separator, hold quotes, several names or none."""
    if cell in ("[]", "()", "{}", "set()"):
        return True
    if len(cell) < 2 or _CLOSING.get(cell[0]) != cell[-1]:
        return False
    inside = cell[1:-1].strip()
    if inside[:1] in ("'", '"') and inside[-1:] == inside[:1]:
        return True
    # A blank before the bracket: `(see below)` is a name, of which a comma makes no list.
    parts = [part.strip() for part in cell.split(separator)] if separator else [cell]
    cut = any(part.count(cell[0]) != part.count(cell[-1]) for part in parts)
    return cut or ("," in inside and separator != "," and cell[0] == "[" and len(parts) == 1)


def names_in_list(cell: str, name: str, row: int, place: Place) -> list[str]:
    """The names that a cell's list holds: strings and whole numbers. Raises DataError for what else stands there."""
    values = read_list(cell)
    if values is None:
        raise place.error(
            row, f'column {name!r}: {cell!r:.60} is not a JSON list; write it like ["one", "two"]'
        )
    return [name_of(value, cell, name, row, place) for value in values if value != ""]


def name_of(value: object, cell: object, name: str, row: int, place: Place) -> str:
    """The label that an item of a list names."""
    if isinstance(value, float) and math.isfinite(value) and not value.is_integer():
        return str(value)
    if isinstance(value, bool | float) or not isinstance(value, str | int):
        shown = json.dumps(value, default=str)
        raise place.error(
            row,
            f"column {name!r}: {cell!r:.60} lists {shown:.20}, which names no label; "
            "write the label's name or leave it out",
        )
    return str(value)
