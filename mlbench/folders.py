"""Datasets that need no registration: each folder in the folder format under the data root is one by its name."""

from __future__ import annotations

import os
from pathlib import Path

from mlbench.code.declarations import Declaration
from mlbench.plain_text import fit, parse_toml

CARD = "dataset.toml"
"""The file that makes a folder with a train split a dataset by name: its card."""


def data_root(given: Path | None = None) -> Path | None:
    """The folder that holds datasets: the one given, else `$MLBENCH_DATA`, else None."""
    named = given or os.environ.get("MLBENCH_DATA")
    return Path(named).expanduser() if named else None


def dataset_folders(given: Path | None = None) -> dict[str, Path]:
    """Name -> folder, of every folder under the data root that holds a card and a train split."""
    root = data_root(given)
    if root is None or not root.is_dir():
        return {}
    folders = sorted(folder for folder in root.iterdir() if not folder.name.startswith("."))
    return {
        folder.name: folder
        for folder in folders
        if (folder / CARD).is_file() and (folder / "train.parquet").is_file()
    }


def declare_folder(folder: Path) -> Declaration:
    """What the registry says of a folder: its card's task, and no parameters."""
    card = folder / CARD
    try:
        task = fit(str(parse_toml(card.read_text(encoding="utf-8")).get("task", "")))
    except (OSError, ValueError):
        task = ""  # loading it says what is wrong with the card
    return Declaration(
        name=folder.name,
        object_name="",
        doc=task or "A folder of the data root.",
        parameters=(),
        attributes={},
        file=card,
        source_hash="",
        origin="folder",
    )
