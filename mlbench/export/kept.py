"""A trained cell that kept its model: found by its id, or by the file of its record."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlbench.errors import ConfigError, DataError
from mlbench.records import Store, find_record, stores
from mlbench.suite.shipped import shipped_suites
from mlbench.training.checkpoint import load_tree

WHOLE = (
    "packages",
    "cell",
    "labels",
    "preparation",
    "encoder_files",
    "backbone",
    "adapter",
    "readings",
    "check",
)
READING = ("classifier", "weights", "thresholds", "temperature", "log_loss")
"""Keys of what was kept, and of each reading in it."""


@dataclass(frozen=True)
class KeptCell:
    """A finished record, and what its training kept (`training.keeping`)."""

    record: Mapping[str, Any]
    model: Mapping[str, Any]


def find_cell(name: str, results: Path) -> tuple[Store, str]:
    """The store and id of a cell that is named as `find_record` has it; of several stores that hold it under `results`,
    as suites that take over records do, one that has its model. Raises DataError where there is no such cell."""
    record, store = find_record(name, results)
    if store is None:
        raise DataError(
            f"{name}: a record alone, and models lie in the results folder that it was written to"
        )
    identifier = str(record["id"])
    others = stores(results) if results.is_dir() else []
    kept = [each for each in (store, *others) if each.model_file(identifier).is_file()]
    return (kept or [store])[0], identifier


def load_cell(store: Store, identifier: str) -> KeptCell:
    """The record and what was kept beside it. Raises ConfigError, which says how to get it, where nothing was;
    DataError where it is of another training, or cannot be read."""
    try:
        record = store.read(identifier)
    except KeyError:
        raise ConfigError(f"{store.folder}: there is no cell {identifier}") from None
    if record["status"] != "done":
        reason = (record.get("error") or {}).get("message", "")
        raise ConfigError(f"cell {identifier} failed, so it has no model: {reason}")
    file = store.model_file(identifier)
    if not file.is_file():
        raise ConfigError(
            f"cell {identifier} kept no model; train it again and keep it:\n  {remedy(record, store)}"
        )
    kept = load_tree(file)
    if problem := _lack(kept):
        raise DataError(f"{file}: no model that mlbench kept: {problem}")
    if kept.get("started") != record.get("started"):
        raise DataError(
            f"{file}: it is of another training than the record beside it; train the cell again:\n  "
            f"{remedy(record, store)}"
        )
    return KeptCell(record, kept)


def _lack(kept: Any) -> str:
    """What a tree lacks that was kept of a model; "" where it is whole."""
    if not isinstance(kept, dict):
        return f"it is {type(kept).__name__} and no tree"
    readings = kept.get("readings")
    parts = {"": (kept, WHOLE), "check/": (kept.get("check"), ("samples", "logits"))}
    if isinstance(readings, dict):
        parts |= {f"readings/{name}/": (each, READING) for name, each in readings.items()}
    for where, (part, keys) in parts.items():
        for key in keys:
            if not isinstance(part, dict) or key not in part:
                return f"it lacks {where}{key}"
    return "" if readings else "it lacks readings"


def remedy(record: Mapping[str, Any], store: Store) -> str:
    """The command that trains a cell again and keeps its model. Its numbers come out the same."""
    cell, suite = record["cell"], str(record.get("suite", ""))
    shipped = suite in {file.stem for file in shipped_suites()}
    chosen = {
        "--dataset": cell["dataset"],
        "--loss": cell["loss"]["id"],
        "--fraction": f"{cell['fraction']:g}",
        "--seed": str(cell["seed"]),
        "--results": str(store.folder.parent),
    }
    told = " ".join(f"{option} {shlex.quote(value)}" for option, value in chosen.items())
    named = suite if shipped else f"{suite}.toml"
    return f"mlbench run {shlex.quote(named)} --set store.model=true --rerun all {told}"
