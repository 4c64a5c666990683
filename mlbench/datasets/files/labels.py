"""Labels as users write them -> lists of names: lists, one separated string, objects, or marks for every label."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mlbench.datasets.files.arrow_types import is_text
from mlbench.datasets.files.columns import Place
from mlbench.datasets.files.hints import setting
from mlbench.datasets.files.label_lists import are_classes, is_number, named_classes, read_arrow_lists
from mlbench.datasets.files.label_questions import (
    ask_for_separator,
    list_of_columns,
    refuse_other_separator,
    require,
    says_marks,
)
from mlbench.datasets.files.list_cells import JSON, names_in_list, read_list, refuse_lists
from mlbench.datasets.files.marks import (
    FALSE,
    NOT_SCORED,
    TRUE,
    ReadLabels,
    are_multi_hot,
    as_labels,
    parse_indicators,
    parse_multi_hot,
)
from mlbench.datasets.files.missing_words import refuse_missing_words, settle_missing_words
from mlbench.datasets.files.writing_of_labels import WHOLE, LabelWriting

ONE_WORD = re.compile(r"[\w.-]+", re.UNICODE)


def parse_labels(table: pa.Table, name: str, writing: LabelWriting, place: Place) -> ReadLabels:
    """The labels as `parse_lists` has them. Raises DataError where no row has one."""
    read = parse_lists(table, name, "labels", writing, place)
    kind = read.lists.type
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    given = pc.sum(pc.list_value_length(read.lists)).as_py() if lists else not pa.types.is_null(kind)
    if not given:
        raise place.error(None, f"column {name!r} gives no label in any of {len(read.lists)} rows")
    return read


def parse_lists(table: pa.Table, name: str, key: str, writing: LabelWriting, place: Place) -> ReadLabels:
    """One column of lists, or of strings that hold or divide into some (spaces around names do not count); `key` is the
    parameter that named it. An empty cell or a null is missing, an empty list is none. An empty name is none."""
    column = require(table, name, key, place)
    if place.classes.get(name):
        writing = replace(writing, label_names=place.classes[name])
    kind = column.type
    if is_text(kind):
        read = _read_strings(column.to_pylist(), name, key, writing, place)
    elif pa.types.is_struct(kind) and len(kind) > 1 and all(is_number(field.type) for field in kind):
        fields = [field.name for field in kind]
        read = parse_indicators([pc.struct_field(column, field) for field in fields], fields, place)
    elif is_number(kind):
        if not (writing.label_names and pa.types.is_integer(kind)):
            raise place.error(
                None,
                f"column {name!r} holds {kind} numbers; {list_of_columns(name, key)} (or, where the numbers name "
                f"classes, say {setting('label_names', ['first', 'second'], more=True)} in their order, or write them "
                "as strings)",
            )
        cells = [None if value is None else [value] for value in column.to_pylist()]
        read = named_classes(cells, name, writing, place)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        read = read_arrow_lists(column, name, writing, place)
    else:
        return ReadLabels(column)
    return settle_missing_words(read, name, writing, place)


def _read_strings(
    cells: list[str | None], name: str, key: str, writing: LabelWriting, place: Place
) -> ReadLabels:
    words = () if writing.na_values == "ask" else writing.na_values
    cells = [None if cell is None or not cell.strip() or cell.strip() in words else cell for cell in cells]
    separator = writing.separator or _single_words(cells) or ""
    if not separator:
        raise place.error(None, ask_for_separator(cells, name, key))
    rows: list[list[Any] | None]
    if separator == JSON:
        refuse_missing_words([[cell.strip()] if cell else None for cell in cells], name, writing, place)
        lists = [None if cell is None else read_list(cell) for cell in cells]
        if are_multi_hot(lists):
            return parse_multi_hot(lists, writing.place_names, name, place)
        if writing.label_names and are_classes(lists):
            return named_classes(lists, name, writing, place)
        rows = [
            None if cell is None else names_in_list(cell, name, row, place) for row, cell in enumerate(cells)
        ]
    else:
        refuse_lists(cells, "" if separator == WHOLE else separator, name, place)
        if separator == WHOLE:
            rows = [None if cell is None else [cell.strip()] for cell in cells]
        else:
            refuse_other_separator(cells, separator, name, place)
            rows = [None if cell is None else _divide(cell, separator) for cell in cells]
        if are_multi_hot(rows):
            if separator == WHOLE or all(row is None or len(row) == 1 for row in rows):
                raise place.error(None, says_marks(cells, name, key))
            return parse_multi_hot(rows, writing.place_names, name, place)
    return as_labels(rows)


def _divide(cell: str, separator: str) -> list[str]:
    return [part.strip() for part in cell.split(separator) if part.strip()]


def _single_words(cells: Sequence[str | None]) -> str:
    """WHOLE where every cell is plainly one label: a word, each of them twice or more on average."""
    present = [cell.strip() for cell in cells if cell]
    words = set(present)
    one_word = words and all(map(ONE_WORD.fullmatch, words)) and 2 * len(words) <= len(present)
    marks = {word.lower() for word in words} <= {*TRUE, *FALSE, *NOT_SCORED}
    return WHOLE if one_word and not marks else ""
