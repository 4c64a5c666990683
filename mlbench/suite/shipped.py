"""The suites that come with mlbench, and finding one by its path or name."""

from __future__ import annotations

from pathlib import Path

from mlbench.errors import ConfigError, did_you_mean

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
        return given
    shipped = {file.stem: file for file in shipped_suites()}
    if name in shipped:
        return shipped[name]
    looks = given.parent.is_dir() and given.suffix == ".toml"
    beside = [str(file) for file in given.parent.glob("*.toml")] if looks else []
    raise ConfigError(
        f"{name}: no such suite, neither a file nor a name{did_you_mean(name, [*shipped, *beside])}"
    )
