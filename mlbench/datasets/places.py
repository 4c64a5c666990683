"""Where datasets and caches lie on this machine."""

from __future__ import annotations

import os
import sys
import unicodedata
from pathlib import Path

from mlbench import folders
from mlbench.errors import ConfigError, nearest


def cache_root() -> Path:
    """`$MLBENCH_CACHE`, else the platform's cache folder for mlbench (`~/.cache/mlbench` on Linux)."""
    chosen = os.environ.get("MLBENCH_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "mlbench"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "mlbench" / "cache"
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (named if named.is_absolute() else Path.home() / ".cache") / "mlbench"


def fetched_root() -> Path:
    """The cache's folder of fetched datasets, each in the folder format."""
    return cache_root() / "datasets"


def data_folders(data_root: Path | None) -> list[Path]:
    """The folders that may hold a dataset's folder, in the order of looking: the one given, else
    `$MLBENCH_DATA`, then the local cache."""
    root = folders.data_root(data_root)
    return [*([root] if root else []), fetched_root()]


def safe_name(name: str, what: str) -> str:
    """`name`, if it can be one folder's or file's name and nothing more; else ConfigError."""
    control = any(unicodedata.category(letter).startswith("C") for letter in name)
    if not name or control or name.startswith(".") or len(name) > 150 or set(name) & set('/\\:*?"<>|'):
        raise ConfigError(
            f"{what} {name!r} cannot name a folder: use letters, digits, '-', '_', '.' (not first), "
            "and at most 150 of them"
        )
    return name


def given_path(text: str) -> Path | None:
    """The file or folder that a user names, None for what is rather a dataset's name. Raises ConfigError for what
    looks like a path and is not there."""
    path = Path(text).expanduser()
    if path.exists():
        return path
    if path.suffix or len(path.parts) > 1:
        beside = [str(other) for other in path.parent.iterdir()] if path.parent.is_dir() else []
        near = "".join(f"; did you mean {other!r}?" for other in nearest(str(path), beside, 1))
        raise ConfigError(f"{text}: no such file or folder{near}")
    return None
