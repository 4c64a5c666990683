"""The modules beside a file that its imports name. Of a loose file they go where it goes, and nothing else of its
folder does; of a file in a package they are what its package's modules import."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType


def siblings(file: Path) -> list[Path]:
    """The files beside `file` that its imports name, and theirs in turn; of a package all its Python files. A name that
    Python has itself is Python's."""
    return _followed(
        file, lambda each: (other for name in _imported(each) for other in _files_of(file.parent, name))
    )


def fellows(file: Path) -> list[Path]:
    """What the results of an installed file depend on beside itself: the modules that it reaches in its package; of one
    that lies in none nothing, since beside it lies all that is installed."""
    root = _package_of(file)
    return [] if root is None else _followed(file, lambda each: _reached(each, root))


def module_file(module: str, importer: Path, package: Path, folder: Path) -> Path | None:
    """The file of a module of the package at `package`, as `importer` names it, where it lies in `folder`."""
    parts = module.lstrip(".").split(".")
    if up := len(module) - len(module.lstrip(".")):
        path = importer.parents[min(up, len(importer.parents)) - 1].joinpath(*parts)
    elif parts[0] == package.name:
        path = package.joinpath(*parts[1:])
    else:
        return None
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_relative_to(folder) and file.is_file():
            return file
    return None


def serve_siblings(file: Path) -> None:
    """Have this process find the siblings of a file, after everything that is installed."""
    known = {finder.file for finder in sys.meta_path if isinstance(finder, _Siblings)}
    if file not in known:
        sys.meta_path.append(_Siblings(file))


def import_loose(name: str, file: Path) -> ModuleType:
    """The module of a loose file, under a name of its own; what is run is the file, and no compiled copy beside it."""
    serve_siblings(file)
    spec = importlib.util.spec_from_file_location(name, file, loader=_Loader(name, str(file)))
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[name] = loaded
    try:
        spec.loader.exec_module(loaded)
    except BaseException:
        del sys.modules[name]
        raise
    return loaded


class _Loader(SourceFileLoader):
    """Compiles the source each time."""

    def get_code(self, fullname: str) -> CodeType | None:
        return self.source_to_code(self.get_data(self.path), self.path)


class _Siblings(MetaPathFinder):
    """Finds the top-level modules that a file names and that lie beside it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._names = {_top(file.parent, other) for other in siblings(file)}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if path is not None or fullname not in self._names:
            return None
        package = self.file.parent / fullname / "__init__.py"
        if package.is_file():
            return importlib.util.spec_from_file_location(
                fullname, package, submodule_search_locations=[str(package.parent)]
            )
        module = self.file.parent / f"{fullname}.py"
        return importlib.util.spec_from_file_location(fullname, module, loader=_Loader(fullname, str(module)))


def _top(folder: Path, file: Path) -> str:
    return Path(file.relative_to(folder).parts[0]).stem


def _package_of(file: Path) -> Path | None:
    """The outermost package that a file lies in."""
    outermost = None
    for folder in file.parents:
        if not (folder / "__init__.py").is_file():
            break
        outermost = folder
    return outermost


def _followed(file: Path, named: Callable[[Path], Iterable[Path]]) -> list[Path]:
    """The files that `file` names, and theirs in turn, each once."""
    found: dict[Path, None] = {}
    unread = [file]
    while unread:
        for other in named(unread.pop()):
            if other not in found and other != file:
                found[other] = None
                unread.append(other)
    return list(found)


def _reached(file: Path, root: Path) -> Iterator[Path]:
    """The files of a package that the imports of one of them name, those that hand names on included."""
    for node in ast.walk(_tree(file)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            stem = source if source.endswith(".") else f"{source}."
            names = [source, *(f"{stem}{alias.name}" for alias in node.names)]
        for name in names:
            if found := module_file(name, file, root, root):
                yield found


def _tree(file: Path) -> ast.AST:
    """Nothing of a file that is not Python."""
    try:
        return ast.parse(file.read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return ast.Module([], [])


def _imported(file: Path) -> Iterator[str]:
    """The first parts of what a file imports, wherever in it."""
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _files_of(folder: Path, name: str) -> list[Path]:
    if name in sys.stdlib_module_names:
        return []
    if (folder / name / "__init__.py").is_file():
        return sorted((folder / name).rglob("*.py"))
    return [folder / f"{name}.py"] if (folder / f"{name}.py").is_file() else []
