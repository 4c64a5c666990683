"""A user's data: what they hold, how they are read, and the dataset that comes of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlbench import datasets
from mlbench.datasets.base import Dataset
from mlbench.datasets.files.assemble import Part
from mlbench.datasets.files.hints import hints_as_options
from mlbench.datasets.places import given_path
from mlbench.datasets.user.table_files import find_tables
from mlbench.datasets.user.tabular import DELIMITERS, Dialect, read_table
from mlbench.errors import DataError
from mlbench.registry import DATASETS
from mlbench.tryout.guess import Guess, guess
from mlbench.tryout.profile import profile
from mlbench.tryout.questions import Asker, refusal
from mlbench.tryout.unsaid import ask_what_empty_means


@dataclass(frozen=True)
class Data:
    """name: what the suite calls them. parameters: of the suite's entry, empty for a dataset by its name. said: how
    they are read and why."""

    name: str
    parameters: Mapping[str, Any]
    said: tuple[str, ...]
    dataset: Dataset


def find_data(
    data: str,
    columns: Mapping[str, Any],
    *,
    ask: Asker | None = None,
    command: str = "mlbench try",
    data_root: Path | None = None,
) -> Data:
    """Of a file or folder of one's own, or of a dataset by its name; `columns` is what `--column` says.

    What the file leaves open is put to `ask`; without one it is a ConfigError that names all of it at once, with the
    `command` that settles it. Raises DataError for data that cannot be read.
    """
    path = None if data in DATASETS else given_path(data)
    if path is None:
        return Data(data, dict(columns), (), datasets.load(data, dict(columns), data_root=data_root))
    with hints_as_options():
        found = look_at(path, columns)
        if found.questions and ask is None:
            raise refusal(command, data, found.questions, columns)
        while found.questions and ask is not None:
            question = found.questions[0]
            found = look_at(path, {**columns, question.key: ask(question)})
            columns = {
                key: value for key, value in found.parameters.items() if key in {*columns, question.key}
            }
        parameters = {"path": data, **found.parameters}
        name = safe_stem(path)
        return Data(
            name,
            parameters,
            tuple(found.said),
            datasets.load("own", parameters, name=name, data_root=data_root),
        )


def look_at(path: Path, columns: Mapping[str, Any]) -> Guess:
    """How the table at `path` is read, beyond what `columns` says."""
    file = find_tables(path)["train"]
    settled = {**_delimiter(file), **columns}
    dialect = Dialect(str(settled.get("delimiter", "")), str(settled.get("quote", '"')))
    part = read_table(file, dialect)
    found = guess(profile(part.table), settled)
    _refuse_headless(found, part, file)
    ask_what_empty_means(found, part.table)
    if part.place.broken and any(not question.options for question in found.questions):
        # Nothing else will do: it is among the columns that cannot be read.
        raise next(iter(part.place.broken.values()))
    return found


def _refuse_headless(found: Guess, part: Part, file: Path) -> None:
    """Raise DataError where what should be the name of the column of labels lists labels itself: the first line is a
    row, and would be lost."""
    labels, separator = found.parameters.get("labels"), found.parameters.get("separator", "")
    if (
        not isinstance(labels, str)
        or separator in ("", "json", "none")
        or labels not in part.table.column_names
    ):
        return
    known = {
        name.strip() for cell in part.table.column(labels).to_pylist() for name in str(cell).split(separator)
    }
    if {name.strip() for name in labels.split(separator)} <= known:
        raise DataError(
            f"{file}: the first line should name the columns, and it is a row: {labels!r} are labels; write a line of "
            "names above it, such as text,labels"
        )


def safe_stem(path: Path) -> str:
    """The file's or folder's name as a suite may be called."""
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", path.resolve().stem).strip("-._+")[:60] or "data"


def _delimiter(file: Path) -> dict[str, str]:
    """What divides the columns, where the file's name says otherwise: a header of one column that another mark divides
    into several."""
    usual = DELIMITERS.get(file.suffix.lower())
    if usual is None:
        return {}
    try:
        with file.open(encoding="utf-8-sig") as stream:
            header = stream.readline()
    except (OSError, UnicodeDecodeError):
        return {}
    other = next((mark for mark in (";", "\t", "|", ",") if mark in header), usual)
    return {} if usual in header else {"delimiter": other} if other != usual else {}
