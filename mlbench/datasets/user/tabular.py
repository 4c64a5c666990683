"""A file of a user's own, of whatever kind -> a table, with the place of every row."""

from __future__ import annotations

import bz2
import csv
import gzip
import lzma
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from mlbench.datasets.files.assemble import Part
from mlbench.datasets.files.columns import Place
from mlbench.datasets.files.hints import setting
from mlbench.datasets.public.archives import BROKEN
from mlbench.datasets.user.arrays import read_arrays
from mlbench.datasets.user.arrow_files import ARROW, name_classes, read_arrow, read_parquet, read_saved
from mlbench.datasets.user.columns_of_values import to_table
from mlbench.datasets.user.conversions import not_readable
from mlbench.datasets.user.json_tables import read_json
from mlbench.datasets.user.sheets import SHEETS, read_sheet
from mlbench.errors import ConfigError, DataError

TAB = "\t"
DELIMITERS = {".csv": ",", ".tsv": TAB, ".tab": TAB}
JSON_LINES = (".jsonl", ".ndjson", ".json")
SUFFIXES = (*DELIMITERS, *JSON_LINES, ".parquet", *ARROW, ".npz", *SHEETS)
COMPRESSED: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
LONGEST_CELL = 1 << 27
"""Characters of one cell of a CSV file; more is a sign of a quote that is not closed."""


@dataclass(frozen=True)
class Dialect:
    """How a delimited file is written; empty means by the file's name."""

    delimiter: str = ""
    quote: str = '"'


def read_table(file: Path, dialect: Dialect) -> Part:
    """All columns of a file, or of a folder that `save_to_disk` wrote. Raises DataError that names the line where it is
    broken."""
    suffix, place = kind_of(file), Place(str(file))
    if file.is_dir():
        return Part(name_classes(read_saved(file)), place)
    if suffix == ".parquet":
        return Part(name_classes(read_parquet(file)), place)
    if suffix in ARROW:
        return Part(name_classes(read_arrow(file)), place)
    if suffix == ".npz":
        table, names = read_arrays(file)
        return Part(table, replace(place, classes=names))
    if suffix in SHEETS:
        return read_sheet(file)
    if suffix not in SUFFIXES:
        raise not_readable(file, ", ".join(SUFFIXES))
    try:
        with open_text(file) as stream:
            if suffix in JSON_LINES:
                rows, row_name = read_json(file, stream)
            else:
                delimiter = dialect.delimiter or DELIMITERS[suffix]
                rows, row_name = _read_delimited(file, stream, Dialect(delimiter, dialect.quote))
    except UnicodeDecodeError:
        raise _not_utf8(file) from None
    except BROKEN as error:
        raise DataError(f"{file}: cannot be read: {error}") from error
    return to_table(rows, replace(place, row_name=row_name))


def kind_of(file: Path) -> str:
    """The suffix that says how a file is read: of `a.csv.gz` that of `a.csv`."""
    suffix = file.suffix.lower()
    return Path(file.stem).suffix.lower() if suffix in COMPRESSED else suffix


def open_text(file: Path) -> TextIO:
    """The text of a file, unpacked where it is compressed."""
    opened: Any = COMPRESSED.get(file.suffix.lower(), open)(file, "rt", encoding="utf-8-sig", newline="")
    text: TextIO = opened
    return text


def read_header(file: Path, dialect: Dialect) -> Part | None:
    """The columns of a file without any row; None where only the whole file can tell, or it cannot be read."""
    suffix, place = kind_of(file), Place(str(file))
    try:
        if suffix == ".parquet" and file.is_file():
            return Part(pq.read_schema(file).empty_table(), place)
        if suffix in DELIMITERS:
            with open_text(file) as stream:
                records = _records(
                    file, stream, Dialect(dialect.delimiter or DELIMITERS[suffix], dialect.quote)
                )
                return to_table({name: [] for name in _header(file, records)}, place)
    except (*BROKEN, pa.ArrowException, DataError, UnicodeDecodeError):
        return None
    return None


def _not_utf8(file: Path) -> DataError:
    """Says the line, and how to write the file as UTF-8: from UTF-16 if it begins so, else from Windows' encoding."""
    with COMPRESSED.get(file.suffix.lower(), open)(file, "rb") as opened:
        content = opened.read()
    encoding = "UTF-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "CP1252"
    start = 0
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        start = error.start
    line = content.count(b"\n", 0, start) + 1
    return DataError(
        f"{file}, line {line}: not UTF-8 text (byte 0x{content[start]:02x}); save it as UTF-8: if it is {encoding}, "
        f"`iconv -f {encoding} -t UTF-8` does that"
    )


def _read_delimited(
    file: Path, stream: TextIO, dialect: Dialect
) -> tuple[dict[str, list[Any]], Callable[[int], str]]:
    """The columns of a delimited file with a header line, and the line on which a row starts."""
    records = _records(file, stream, dialect)
    header = _header(file, records)
    columns: list[list[str]] = [[] for _ in header]
    lines = []
    for line, record in records:
        if not record:
            continue
        if len(record) != len(header):
            raise DataError(
                f"{file}, line {line}: {len(record)} cells where the header names {len(header)} columns; "
                f"a cell that holds {dialect.delimiter!r} or a line break must be quoted"
            )
        for column, cell in zip(columns, record, strict=True):
            column.append(cell)
        lines.append(line)
    return dict(zip(header, columns, strict=True)), lambda row: f"line {lines[row]}"


def _records(file: Path, stream: TextIO, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(LONGEST_CELL)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE
    try:
        reader = csv.reader(
            stream, delimiter=dialect.delimiter, quotechar=dialect.quote or None, quoting=quoting, strict=True
        )
    except (TypeError, ValueError):
        raise ConfigError(
            f"{file}: `delimiter` and `quote` are one character each, not {dialect.delimiter!r} and {dialect.quote!r}; "
            f"a tab is {setting('delimiter', TAB)}"
        ) from None
    return _numbered(file, reader)


def _header(file: Path, records: Iterator[tuple[int, list[str]]]) -> list[str]:
    """The names of the columns, which the first record gives. One column alone holds no samples and their labels."""
    header = next(records, (0, []))[1]
    if not any(header):
        raise DataError(f"{file}: it is empty; its first line must name the columns")
    other = next((mark for mark in (";", TAB, "|", ",") if mark in header[0]), "") if len(header) == 1 else ""
    if other:
        raise DataError(
            f"{file}: its header is one column, {header[0]!r:.60}; if {other!r} divides its columns, say "
            f"{setting('delimiter', other)}"
        )
    twice = {name for name in header if header.count(name) > 1}
    if twice:
        raise DataError(f"{file}, line 1: column {sorted(twice)[0]!r} is named more than once")
    return header


def _numbered(file: Path, reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Records with the line on which each starts."""
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(
                f"{file}, line {line}: a broken quote or cell in the record that starts here ({error}); "
                f'close the quote, double a quote inside a cell (""), or say {setting("quote", "")} for a file '
                "without quotes"
            ) from None
        yield line, record
