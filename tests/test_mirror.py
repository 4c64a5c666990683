"""Every module has a test file of its own place and name, or its folder's docstring says where it is tested.

Such a line reads `    module, module: tests/room/test_file.py`, or `tests/room` where it is all of a folder. What it
names must be there, and reach the module by its imports; what is found by its name, as by a registry, need only be
named, or be tested in the folder that mirrors its room.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import mlbench

PACKAGE = Path(mlbench.__file__).parent
TESTS = Path(__file__).parent
SAID = re.compile(
    r"^    (?P<modules>[a-z_0-9]+(?:,\s+[a-z_0-9]+)*):\s+(?P<place>tests/[a-z_0-9/]+(?:\.py)?)$", re.MULTILINE
)
FOLDERS = [PACKAGE, *(folder.parent for folder in sorted(PACKAGE.rglob("*/__init__.py")))]


def modules(folder: Path) -> list[str]:
    return [file.stem for file in sorted(folder.glob("*.py")) if not file.stem.startswith("__")]


def said(folder: Path) -> dict[str, Path]:
    """Where the folder's docstring says that each module is tested."""
    doc = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    return {
        name: TESTS.parent / found["place"]
        for found in SAID.finditer(doc)
        for name in re.split(r",\s+", found["modules"])
    }


def mirror(folder: Path, module: str) -> Path:
    return TESTS / folder.relative_to(PACKAGE) / f"test_{module}.py"


@cache
def imported(file: Path) -> frozenset[Path]:
    """The files of mlbench and of the tests that a file imports, anywhere in it."""
    return frozenset(_imported(file))


def _imported(file: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            top, *rest = name.split(".")
            if top in ("mlbench", "tests"):
                place = (PACKAGE if top == "mlbench" else TESTS).joinpath(*rest)
                yield from (
                    each for each in (place.with_suffix(".py"), place / "__init__.py") if each.is_file()
                )


def reached(files: list[Path]) -> set[Path]:
    """All that some files import, and what that imports, and so on."""
    found, left = set(files), list(files)
    while left:
        new = imported(left.pop()) - found
        found |= new
        left += new
    return found


def test_folders_with_modules_are_found() -> None:
    assert {"losses", "report", "runner"} <= {folder.name for folder in FOLDERS}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(PACKAGE.parent)))
def test_every_module_is_tested_where_it_says(folder: Path) -> None:
    elsewhere = said(folder)
    silent = [
        name for name in modules(folder) if name not in elsewhere and not mirror(folder, name).is_file()
    ]
    assert not silent, (
        f"{', '.join(silent)} of {folder.name}: write {mirror(folder, silent[0]).relative_to(TESTS.parent)}, or say in "
        "the docstring of the folder's __init__.py where it is tested"
    )
    assert set(elsewhere) <= set(modules(folder)), "the docstring names modules that there are not"
    both = [name for name in elsewhere if mirror(folder, name).is_file()]
    assert not both, f"{both} have a test file of their own"
    for name, place in elsewhere.items():
        files = sorted(place.rglob("test_*.py")) if place.is_dir() else [place]
        assert files, f"{place} holds no test"
        assert all(file.is_file() for file in files), f"{place} is not there"
        # What a registry or another process loads is not imported.
        named = any(f'"{name}' in file.read_text(encoding="utf-8") for file in files)
        own = mirror(folder, name).parent
        near = (
            place.is_relative_to(own)
            or own.is_relative_to(place)
            or folder in {f.parent for f in reached(files)}
        )
        assert near or named, f"{place} does not reach {folder.name}/{name}.py"
