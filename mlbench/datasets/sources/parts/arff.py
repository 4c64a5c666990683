"""ARFF files, dense or sparse: the format of WEKA, MEKA and MULAN."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from mlbench.datasets.public.tree import Tree
from mlbench.errors import DataError

ATTRIBUTE = re.compile(r"@attribute\s+('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\S+)", re.IGNORECASE)


class Arff(NamedTuple):
    """Names of the attributes, and the rows: a number for each attribute."""

    names: list[str]
    rows: Iterator[list[float]]


def read_arff(tree: Tree, file: str) -> Arff:
    """The member `file`. Raises DataError, also while its rows are read, with the line that is none."""
    lines = ((number, line.strip()) for number, line in enumerate(tree.lines(file), start=1))
    names = []
    for _, line in lines:
        if line.lower().startswith("@data"):
            break
        if line.lower().startswith("@attribute"):
            found = ATTRIBUTE.match(line)
            names.append(unquoted(found[1]) if found else "")
    return Arff(names, _rows(file, lines, len(names)))


def _rows(file: str, lines: Iterator[tuple[int, str]], width: int) -> Iterator[list[float]]:
    for number, line in lines:
        if not line or line.startswith("%"):
            continue
        cells = line.strip("{}").split(",")
        if not line.startswith("{") and len(cells) != width:
            raise DataError(f"{file}, line {number}: {len(cells)} values for {width} attributes")
        try:
            yield _sparse(cells, width) if line.startswith("{") else [float(cell) for cell in cells]
        except (ValueError, IndexError):
            raise DataError(
                f"{file}, line {number}: numbers, or {{place number, …}} with places below {width}, are needed"
            ) from None


def _sparse(cells: list[str], width: int) -> list[float]:
    row = [0.0] * width
    for cell in cells:
        if cell.strip():
            place, value = cell.split()
            row[int(place)] = float(value)
    return row


def unquoted(name: str) -> str:
    """A name without the quotes around it; of escapes only those of quotes are undone, as WEKA writes no others."""
    inner = name[1:-1] if len(name) > 1 and name[0] in "'\"" and name[-1] == name[0] else name
    return re.sub(r"\\(['\"])", r"\1", inner)
