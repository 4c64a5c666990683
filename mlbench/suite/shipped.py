"""The suites that come with mlbench, and finding one by its path or name."""

from __future__ import annotations

import shlex
from pathlib import Path

from mlbench.errors import ConfigError, did_you_mean

DATA = {".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".json", ".parquet"}
"""Ends of files that hold data and no suite."""
_PACKAGE = Path(__file__).parents[1]


def shipped_suites() -> list[Path]:
    """The files of `suites/`: beside the package in a checkout, inside it where it was installed."""
    for folder in (_PACKAGE / "suites", _PACKAGE.parent / "suites"):
        if folder.is_dir():
            return sorted(folder.glob("*.toml"))
    return []


def find_suite(name: str) -> Path:
    """The file of a suite given as a path, or by the name of one that comes with mlbench.

    Raises ConfigError with the nearest names where there is none.
    """
    given = Path(name).expanduser()
    if given.is_file():
        if given.suffix.lower() in DATA:
            raise _is_data(name)
        return given
    shipped = {file.stem: file for file in shipped_suites()}
    if name in shipped:
        return shipped[name]
    if given.is_dir():
        raise _is_data(name)
    looks = given.parent.is_dir() and given.suffix == ".toml"
    beside = [str(file) for file in given.parent.glob("*.toml")] if looks else []
    raise ConfigError(
        f"{name}: no such suite, neither a file nor a name{did_you_mean(name, [*shipped, *beside])}"
    )


def _is_data(name: str) -> ConfigError:
    typed = shlex.quote(name)
    return ConfigError(
        f"{name}: these are data, not a suite; `mlbench try {typed}` goes from them to an answer, "
        f"`mlbench new suite {typed}` writes a suite for them"
    )
