"""Reading a suite's file, with errors that name the file, the line, the key and the nearest known one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from mlbench.errors import ConfigError, did_you_mean, nearest
from mlbench.plain_text import parse_toml
from mlbench.suite.entries import DatasetEntry, EncoderEntry, LossEntry, StoreOptions
from mlbench.suite.model import Suite
from mlbench.suite.protocol import Protocol
from mlbench.suite.resolution import problem
from mlbench.suite.tuning.table import Tuning

_TABLES: dict[str, type[BaseModel]] = {
    "": Suite,
    "train": Protocol,
    "store": StoreOptions,
    "tuning": Tuning,
    "datasets": DatasetEntry,
    "losses": LossEntry,
    "encoder": EncoderEntry,
}
_TRAIN_KEYS = ("preset", *Protocol.model_fields)
_SETTABLE = {
    "": tuple(Suite.model_fields),
    "train": _TRAIN_KEYS,
    "store": tuple(StoreOptions.model_fields),
    "tuning": tuple(Tuning.model_fields),
}


def load_suite(path: Path, overrides: Mapping[str, Any] | None = None) -> Suite:
    """The suite of a TOML file; `overrides` are dotted keys of `--set` with their values.

    Raises ConfigError that names the file, where possible the line, the key and the nearest known one.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        near = sorted(str(other) for other in path.parent.glob("*.toml")) if path.parent.is_dir() else []
        raise ConfigError(f"{path}: no such suite{did_you_mean(str(path), near)}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    return parse_suite(text, str(path), overrides)


def parse_suite(text: str, where: str, overrides: Mapping[str, Any] | None = None) -> Suite:
    """As `load_suite`, from text; `where` is what errors call it. The cells are checked as well."""
    try:
        raw = parse_toml(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where}: not valid TOML: {error}") from error
    for key, value in (overrides or {}).items():
        _override(raw, key, value, where)
    _check_train_keys(raw, text, where)
    try:
        suite = Suite.model_validate(raw)
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(item, text, where) for item in error.errors())) from None
    suite.grid(where)
    return suite


def _override(raw: dict[str, Any], key: str, value: Any, where: str) -> None:
    """Set a dotted key. What the command line says of `train` wins over every dataset's own table too."""
    first, rest = _settable(key)
    if not first:
        raw[rest] = value
        return
    table = raw.setdefault(first, {})
    if not isinstance(table, dict):
        raise ConfigError(
            f"{where}: {first}: a table, as in [{first}], got {table!r}; --set {key} cannot go there"
        )
    table[rest] = value
    entries = raw.get("datasets", [])
    for entry in entries if first == "train" and isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("train"), dict):
            entry["train"].pop(rest, None)


def _settable(key: str) -> tuple[str, str]:
    """The table ("" for the suite itself) and the name of a dotted key that can be set."""
    table, _, name = key.rpartition(".")
    known = _SETTABLE.get(table)
    if known is None:
        raise ConfigError(
            f"--set {key}: settable are train.KEY, tuning.KEY, store.KEY and the suite's own keys"
        )
    if name not in known:
        elsewhere = [f"{other}.{name}" for other, names in _SETTABLE.items() if other and name in names]
        near = elsewhere or [f"{table}.{other}".lstrip(".") for other in nearest(name, known)]
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else did_you_mean(name, known)
        raise ConfigError(f"--set {key}: unknown key{hint}")
    return table, name


def _check_train_keys(raw: dict[str, Any], text: str, where: str) -> None:
    """`[train]` tables are merged before they are validated as one, so their keys are looked at here."""
    places: list[tuple[tuple[Any, ...], Any]] = [(("train",), raw.get("train", {}))]
    entries = raw.get("datasets", [])
    if isinstance(entries, list):
        for index, entry in enumerate(entries):
            if isinstance(entry, dict):
                places.append((("datasets", index, "train"), entry.get("train", {})))
    for place, table in places:
        for key in table if isinstance(table, dict) else ():
            if key not in _TRAIN_KEYS:
                location = (*place, key)
                hint = did_you_mean(key, _TRAIN_KEYS)
                raise ConfigError(f"{_place(location, text, where)}: unknown key {_dotted(location)!r}{hint}")


def _explain(item: Any, text: str, where: str) -> str:
    location = tuple(part for part in item["loc"] if part not in ("str", "LossEntry", "EncoderEntry", "all"))
    place = _place(location, text, where)
    table = next((part for part in reversed(location[:-1]) if isinstance(part, str)), "")
    fields = _TABLES.get(table, Suite).model_fields
    if item["type"] == "extra_forbidden":
        return f"{place}: unknown key {_dotted(location)!r}{did_you_mean(str(location[-1]), fields)}"
    if item["type"] == "missing":
        name = str(location[-1])
        example = "".join(f", as in `{name} = {shown}`" for shown in fields[name].examples or ())
        return f"{place}: {_dotted(location)!r} is missing{example}"
    return f"{place}: {_dotted(location)}: {problem(item)}"


def _dotted(location: tuple[Any, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else f"{part}"
    return text


def _place(location: tuple[Any, ...], text: str, where: str) -> str:
    """`file, line N` where the key can be found in the text, else `file`."""
    lines = text.splitlines()
    start = 0
    if location and isinstance(location[0], str) and len(location) > 1:
        header = re.compile(rf"\s*\[+\s*{re.escape(location[0])}\s*\]+")
        headers = [number for number, line in enumerate(lines) if header.match(line)]
        nth = location[1] if isinstance(location[1], int) else 0
        start = headers[nth] if nth < len(headers) else 0
    for name in reversed([part for part in location if isinstance(part, str)]):
        key = re.compile(rf"^(.*[{{,\s])?{re.escape(name)}\s*=")
        for number in range(start, len(lines)):
            if key.match(lines[number]):
                return f"{where}, line {number + 1}"
            if number > start and lines[number].lstrip().startswith("["):
                break
    return f"{where}, line {start + 1}" if start else where
