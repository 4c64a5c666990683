"""The modules that declarations lie in: their names, their files, their import."""

from __future__ import annotations

import functools
import importlib
import sys
from importlib.machinery import PathFinder
from pathlib import Path

from mlbench.code.declarations import PACKAGE_FOLDER, Declaration
from mlbench.code.definitions import Reach
from mlbench.code.siblings import import_loose
from mlbench.errors import ConfigError


def module_name(file: Path) -> str:
    """The dotted name of a file of mlbench."""
    relative = file.relative_to(PACKAGE_FOLDER).with_suffix("")
    parts = relative.parts[:-1] if relative.name == "__init__" else relative.parts
    return ".".join(("mlbench", *parts))


def code_hash(declaration: Declaration) -> str:
    """A hash of all code that a declared thing's results depend on: of its definition and those that it reaches in its
    room of mlbench, or else of its file. Comments, docstrings and the file that a definition stands in play no part."""
    return _code_hash(declaration.file, declaration.object_name, declaration.source_hash)


def is_current(declaration: Declaration, made_by: str | None) -> bool:
    """Whether code of the hash `made_by` gives the results of a built-in thing as it is now: it is the same, or one of
    those that its class attribute `same_results` names."""
    return made_by == code_hash(declaration) or made_by in declaration.attributes.get("same_results", {})


@functools.cache
def _code_hash(file: Path, name: str, own_hash: str) -> str:
    if not file.is_relative_to(PACKAGE_FOLDER):
        return own_hash
    reach = Reach(PACKAGE_FOLDER, PACKAGE_FOLDER / file.relative_to(PACKAGE_FOLDER).parts[0])
    reach.add(file, name)
    return reach.hash()


def locate(module: str) -> Path:
    """The source file of a module, found without importing it or its parents."""
    parts = module.split(".")
    spec = PathFinder.find_spec(parts[0])
    for depth in range(2, len(parts) + 1):
        if spec is None or spec.submodule_search_locations is None:
            break
        spec = PathFinder.find_spec(".".join(parts[:depth]), list(spec.submodule_search_locations))
    if spec is None or spec.origin is None:
        raise ConfigError(f"module {module!r} of an entry point cannot be found")
    return Path(spec.origin)


def import_module_of(declaration: Declaration) -> None:
    """Import the module that holds a declared thing, a loose file included."""
    module = declaration.module or ""
    if declaration.origin == "plugin" and module.startswith("mlbench_plugin_"):
        if module not in sys.modules:
            import_loose(module, declaration.file)
    else:
        importlib.import_module(module)
