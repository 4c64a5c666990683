"""From records back to suites: a file that holds everything spelled out, and the command for each cell."""

from __future__ import annotations

import shlex
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlbench.report.data.drawn import DRAWN, as_trained

_PARTS = {
    "dataset_parameters": "cell/dataset_parameters/",
    "encoder_options": "cell/encoder_options/",
    "train": "cell/train/",
    "parameters": "cell/loss/parameters/",
}
NONE = "none"
"""What a suite says for None."""
_NAMING = ("id", "suite", "dataset", "fraction", "seed", "encoder", "loss", "loss_name")


def write_suites(cells: pd.DataFrame, folder: Path) -> dict[str, str]:
    """Write the suites that the records came from into `folder`; returns the command of each cell by its id.

    Values stand as the records have them, defaults too, so that a later change of a default or of the
    original file does not matter. Where one suite's records disagree on what a name means (it was edited
    between runs), there is a file for each version, of a name that no other suite has.
    """
    import tomli_w

    folder.mkdir(parents=True, exist_ok=True)
    prefixes = (*_PARTS.values(), "cell/loader")
    cells = _told_by_values(as_trained(cells.assign(loss=cells["cell/loss/id"]), NONE))
    known = [column for column in cells.columns if column in _NAMING or column.startswith(prefixes)]
    cells, commands = cells[known], {}
    names, files = set[str](), set[str]()
    for name, rows in _versions(cells):
        own = _unused(name, names)
        file = folder / f"{_unused(_safe(own), files)}.toml"
        file.write_text(tomli_w.dumps(_suite(own, rows)), encoding="utf-8")
        for row in rows.to_dict("records"):
            commands[str(row["id"])] = _command(file, row)
    return commands


def _told_by_values(cells: pd.DataFrame) -> pd.DataFrame:
    """With one name for every loss and dataset of equal values, and another for each of other values, where trials
    drew them: in a suite a name has one meaning, and a meaning one name."""
    if DRAWN not in cells.columns:
        return cells
    of_dataset = (_PARTS["dataset_parameters"], _PARTS["encoder_options"], _PARTS["train"])
    for name, meaning, prefixes in (
        ("loss", ["loss_name"], (_PARTS["parameters"],)),
        ("dataset", ["cell/loader", "encoder"], of_dataset),
    ):
        columns = [column for column in cells.columns if column in meaning or column.startswith(prefixes)]
        values = cells[columns].astype(object)
        alike = values.where(values.notna() & (values != NONE), None)
        names, used = dict[str, str](), set[str]()
        told = []
        for called, *key in zip(cells[name], *(alike[column] for column in columns), strict=True):
            if repr(key) not in names:
                names[repr(key)] = _unused(str(called), used)
            told.append(names[repr(key)])
        cells = cells.assign(**{name: told})
    return cells


def _command(file: Path, row: Mapping[Hashable, Any]) -> str:
    """Into a folder of its own, so that what is reported on stays."""
    words = [
        "mlbench",
        "run",
        str(file),
        "--dataset",
        str(row["dataset"]),
        "--fraction",
        repr(_fraction(row["fraction"])),
    ]
    words += ["--seed", str(row["seed"]), "--loss", str(row["loss"]), "--results", "reproduced"]
    return shlex.join(words)


def _versions(cells: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The name and the cells of every suite; the further versions of edited ones come last."""
    found = [
        (number, str(name), part)
        for name, rows in cells.groupby(cells["suite"].fillna("suite").astype(str))
        for number, part in enumerate(_consistent(rows))
    ]
    return [(name, part) for _, name, part in sorted(found, key=lambda version: version[:2])]


def _consistent(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """The cells of a suite in parts that are each free of contradictions."""
    whole = rows.reset_index(drop=True)
    prefixes = (*_PARTS.values(), "cell/loader")
    columns = [column for column in whole.columns if column.startswith(prefixes)]
    settings = [column for column in columns if not column.startswith(_PARTS["parameters"])]
    losses = [column for column in columns if column.startswith(_PARTS["parameters"])]
    of_dataset = _numbered(whole, "dataset", ["encoder", *settings])
    of_loss = _numbered(whole, "loss", ["loss_name", *losses])
    found = sorted(set(zip(of_dataset.tolist(), of_loss.tolist(), strict=True)))
    return [whole[(of_dataset == first) & (of_loss == second)] for first, second in found]


def _unused(name: str, used: set[str]) -> str:
    """The name, with the first number from 2 that is free where it is used; from now on it is used too."""
    free, number = name, 1
    while free in used:
        number += 1
        free = f"{name}-{number}"
    used.add(free)
    return free


def _numbered(rows: pd.DataFrame, by: str, columns: list[str]) -> npt.NDArray[np.int64]:
    """For each row, the number of the meaning that its name has there, from 0."""
    meanings: dict[str, dict[str, int]] = {}
    numbers = []
    for name, *values in rows[[by, *columns]].itertuples(index=False, name=None):
        of_name = meanings.setdefault(name, {})
        numbers.append(of_name.setdefault(repr(values), len(of_name)))
    return np.array(numbers, dtype=np.int64)


def _suite(name: str, rows: pd.DataFrame) -> dict[str, Any]:
    datasets = [_dataset(row) for row in rows.drop_duplicates("dataset").to_dict("records")]
    losses = [_loss(row) for row in rows.drop_duplicates("loss").to_dict("records")]
    return {
        "name": name,
        "description": "Written by mlbench report from the records, everything spelled out",
        "seeds": sorted({int(seed) for seed in rows["seed"]}),
        "fractions": sorted({_fraction(value) for value in rows["fraction"]}),
        "losses": losses,
        "datasets": datasets,
    }


def _dataset(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    loader = row.get("cell/loader") or row["dataset"]
    name = row["dataset"] if loader == "own" else loader
    entry: dict[str, Any] = {"name": name}
    if row["dataset"] != name:
        entry["id"] = row["dataset"]
    options = {key: value for key, value in _values(row, "encoder_options").items() if key != "model"}
    entry["encoder"] = {"name": row["encoder"], **options} if options else row["encoder"]
    return {**entry, **_values(row, "dataset_parameters"), "train": _values(row, "train")}


def _loss(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    entry = {"name": row["loss_name"]}
    if row["loss"] != row["loss_name"]:
        entry["id"] = row["loss"]
    return {**entry, **_values(row, "parameters")}


def _values(row: Mapping[Hashable, Any], part: str) -> dict[str, Any]:
    """What the record says of one part; None cannot stand in TOML and is every such key's default."""
    prefix = _PARTS[part]
    found: dict[str, Any] = {}
    for column, value in row.items():
        missing = value is None or (isinstance(value, float) and np.isnan(value))
        if isinstance(column, str) and column.startswith(prefix) and not missing:
            target = found
            *outer, key = column.removeprefix(prefix).split("/")
            for step in outer:
                target = target.setdefault(step, {})
            target[key] = value.item() if isinstance(value, np.generic) else value
    return found


def _fraction(value: Any) -> float | int:
    return float(value) if value <= 1 else int(value)


def _safe(name: str) -> str:
    return (
        "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name).lstrip(".")
        or "suite"
    )
