"""CSV, TSV, JSON lines and Parquet files of a user's own -> a table, with the place of every row."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from mlbench.datasets.files.assemble import Part
from mlbench.datasets.files.columns import Place
from mlbench.datasets.files.hints import setting
from mlbench.datasets.user.json_lines import read_json_lines
from mlbench.errors import ConfigError, DataError

TAB = "\t"
DELIMITERS = {".csv": ",", ".tsv": TAB, ".tab": TAB}
JSON_LINES = (".jsonl", ".ndjson", ".json")
SUFFIXES = (*DELIMITERS, *JSON_LINES, ".parquet")
LONGEST_CELL = 1 << 27
"""Characters of one cell of a CSV file; more is a sign of a quote that is not closed."""


@dataclass(frozen=True)
class Dialect:
    """How a delimited file is written; empty means by the file's name."""

    delimiter: str = ""
    quote: str = '"'


def read_table(file: Path, dialect: Dialect) -> Part:
    """All columns of a file. Raises DataError that names the line where it is broken."""
    suffix = file.suffix.lower()
    if suffix == ".parquet":
        return Part(_read_parquet(file), Place(str(file)))
    if suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise DataError(f"{file}: files ending in {suffix or 'nothing'!r} cannot be read; known: {known}")
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            if suffix in JSON_LINES:
                rows, row_name = read_json_lines(file, stream)
            else:
                delimiter = dialect.delimiter or DELIMITERS[suffix]
                rows, row_name = _read_delimited(file, stream, Dialect(delimiter, dialect.quote))
    except UnicodeDecodeError:
        raise _not_utf8(file) from None
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error}") from error
    place = Place(str(file), row_name)
    return Part(_to_table(rows, place), place)


def read_header(file: Path, dialect: Dialect) -> Part | None:
    """The columns of a file without any row; None where only the whole file can tell, or it cannot be read."""
    suffix, place = file.suffix.lower(), Place(str(file))
    try:
        if suffix == ".parquet":
            return Part(pq.read_schema(file).empty_table(), place)
        if suffix in DELIMITERS:
            with file.open(encoding="utf-8-sig", newline="") as stream:
                records = _records(
                    file, stream, Dialect(dialect.delimiter or DELIMITERS[suffix], dialect.quote)
                )
                return Part(_to_table({name: [] for name in _header(file, records)}, place), place)
    except (pa.ArrowException, DataError, OSError, UnicodeDecodeError):
        return None
    return None


def _not_utf8(file: Path) -> DataError:
    """Says the line, and how to write the file as UTF-8: from UTF-16 if it begins so, else from Windows' encoding."""
    content = file.read_bytes()
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


def _read_parquet(file: Path) -> pa.Table:
    try:
        with pq.ParquetFile(file) as opened:
            return opened.read()
    except (pa.ArrowException, OSError) as error:
        reason = str(error).split("\n", 1)[0]
        raise DataError(f"{file}: not a readable Parquet file ({reason}); write it again") from error


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


def _to_table(columns: dict[str, list[Any]], place: Place) -> pa.Table:
    """Columns as Arrow; one whose values are of several kinds is named with the row."""
    arrays = {}
    for name, values in columns.items():
        try:
            arrays[name] = (
                pa.chunked_array([pa.array(values)]) if values else pa.chunked_array([], pa.string())
            )
        except (pa.ArrowException, TypeError, OverflowError) as error:
            kind = type(next((value for value in values if value is not None), None))
            row = next((row for row, value in enumerate(values) if not isinstance(value, kind | None)), None)
            raise place.error(row, f"column {name!r} mixes kinds of values: {error}") from None
    return pa.table(arrays)
