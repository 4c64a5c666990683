"""The modules that declarations lie in: their names, their files, their import."""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import re
import sys
from importlib.machinery import PathFinder
from pathlib import Path

from mlbench.declarations import PACKAGE_FOLDER, Declaration
from mlbench.errors import ConfigError

_IMPORTED = re.compile(r"^from (mlbench[.\w]+) import", re.MULTILINE)


def module_name(file: Path) -> str:
    """The dotted name of a file of mlbench."""
    relative = file.relative_to(PACKAGE_FOLDER).with_suffix("")
    parts = relative.parts[:-1] if relative.name == "__init__" else relative.parts
    return ".".join(("mlbench", *parts))


def code_hash(declaration: Declaration) -> str:
    """A hash of all code that a declared thing's results depend on: its file, and where that is mlbench's the
    modules of the same room that it uses, and those that they use."""
    return _code_hash(declaration.file, declaration.source_hash)


@functools.cache
def _code_hash(file: Path, own_hash: str) -> str:
    if not file.is_relative_to(PACKAGE_FOLDER):
        return own_hash
    room = PACKAGE_FOLDER / file.relative_to(PACKAGE_FOLDER).parts[0]
    sources, waiting = {}, [file]
    while waiting:
        file = waiting.pop()
        source = sources[file] = file.read_text(encoding="utf-8")
        for module in _IMPORTED.findall(source):
            used = PACKAGE_FOLDER.parent.joinpath(*module.split(".")).with_suffix(".py")
            if used.is_relative_to(room) and used.is_file() and used not in sources:
                waiting.append(used)
    text = "".join(f"{used.name}\n{source}\n" for used, source in sorted(sources.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


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
        if module in sys.modules:
            return
        spec = importlib.util.spec_from_file_location(module, declaration.file)
        if spec is None or spec.loader is None:
            raise ConfigError(f"{declaration.file}: cannot be imported")
        loaded = importlib.util.module_from_spec(spec)
        sys.modules[module] = loaded
        try:
            spec.loader.exec_module(loaded)
        except BaseException:
            del sys.modules[module]
            raise
    else:
        importlib.import_module(module)
