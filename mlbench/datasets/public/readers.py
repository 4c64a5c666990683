"""Small readers that several public sources share."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, Literal
from xml.etree import ElementTree

from mlbench.datasets.public.tree import Tree
from mlbench.errors import DataError
from mlbench.plain_text import parse_json


def parse_xml(content: bytes, name: str) -> ElementTree.Element:
    """The root of an XML file; one that declares entities is refused: they can be made to fill the memory."""
    if b"<!ENTITY" in content:
        raise DataError(f"{name}: declares XML entities; not read")
    try:
        return ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise DataError(f"{name}: not valid XML: {error}") from None


def read_rows(
    tree: Tree, ending: str, *, delimiter: str = ",", quoted: bool = True, encoding: str = "utf-8-sig"
) -> Iterator[dict[str, str]]:
    """The rows of a delimited member with a header line. Raises DataError, with the line, where it is broken."""
    lines = (f"{line}\n" for line in tree.lines(ending, encoding))
    return rows_of(lines, ending, delimiter=delimiter, quoted=quoted)


def rows_of(
    lines: Iterable[str], name: str, *, delimiter: str = ",", quoted: bool = True
) -> Iterator[dict[str, str]]:
    """The rows of delimited lines, the first of which is the header. Raises DataError, with the line, where one is
    broken."""
    csv.field_size_limit(1 << 27)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    reader = csv.DictReader(lines, delimiter=delimiter, quoting=quoting)
    try:
        for row in reader:
            if None in row or None in row.values():
                raise DataError(f"{name}, line {reader.line_num}: it has not as many cells as the header")
            yield row
    except csv.Error as error:
        raise DataError(f"{name}, line {reader.line_num}: {error}") from None


def read_json_lines(tree: Tree, ending: str) -> Iterator[dict[str, Any]]:
    """The objects of a member with one JSON object a line."""
    for number, line in enumerate(tree.lines(ending), start=1):
        if line.strip():
            try:
                yield parse_json(line)
            except ValueError as error:
                raise DataError(f"{ending}, line {number}: not valid JSON: {error}") from None


def need(row: dict[str, Any], key: str, where: str) -> Any:
    """A row's value, or a DataError that says which keys there are."""
    if key not in row:
        raise DataError(f"{where}: there is no {key!r}; there are {', '.join(map(repr, row))}")
    return row[key]


def hash_share(name: str) -> int:
    """A number from 0 to 99, by the MD5 of a name."""
    return int(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(), 16) % 100


def split_by_hash(name: str) -> str:
    """Train (70 %), validation (10 %) or test (20 %), by the MD5 of a name: stable when samples are added."""
    share = hash_share(name)
    return "test" if share < 20 else "validation" if share < 30 else "train"


def grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """(key, value) pairs as key -> values, in the order of first sight."""
    groups: dict[str, list[str]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
