"""What a definition is made of: itself and all definitions of its folder that it reaches, in a hash that comments,
docstrings, layout and the file that a definition stands in do not change."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mlbench.code.siblings import module_file
from mlbench.code.syntax import ASIDE, digest, is_text, shape


@dataclass(frozen=True)
class Definition:
    """A definition by itself: its hash, what it uses as (base, attribute or ""), and what it imports within itself."""

    hash: str
    uses: tuple[tuple[str, str], ...]
    imported: Mapping[str, tuple[str, str]]


@dataclass
class Module:
    """The names of one file: what it defines, by statements, what it imports, from which module under which name
    ("" for the module itself), modules that it takes all names of, and statements that define nothing."""

    defined: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)
    starred: list[str] = field(default_factory=list)
    loose: list[ast.stmt] = field(default_factory=list)
    _known: dict[str, Definition] = field(default_factory=dict)

    def definition(self, name: str) -> Definition:
        """What is defined under a name."""
        if name not in self._known:
            self._known[name] = _define(self.defined[name])
        return self._known[name]


def _define(statements: Sequence[ast.stmt]) -> Definition:
    nodes = [node for statement in statements for node in ast.walk(statement)]
    local = Module()
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            _note_import(node, local)
    dotted = [node for node in nodes if isinstance(node, ast.Attribute)]
    bases = {id(node.value) for node in dotted}
    used = {(ast.unparse(node.value), node.attr) for node in dotted}
    used |= {(node.id, "") for node in nodes if isinstance(node, ast.Name) and id(node) not in bases}
    own = digest(repr([shape(statement, ASIDE) for statement in statements]))
    return Definition(own, tuple(sorted(used)), local.imported)


@functools.lru_cache(512)
def _read(source: str) -> Module:
    module = Module()
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            _note_import(statement, module)
        elif not is_text(statement):
            names = list(_bound(statement))
            for name in names:
                module.defined.setdefault(name, []).append(statement)
            for inner in ast.walk(statement) if not isinstance(statement, _DEFINITION) else ():
                if isinstance(inner, ast.Import | ast.ImportFrom):
                    _note_import(inner, module)
                    names.append("")
            if not names:
                module.loose.append(statement)
    return module


_DEFINITION = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def _bound(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement of a module binds, or changes what is bound to."""
    if isinstance(statement, _DEFINITION):
        yield statement.name
        return
    for node in ast.walk(statement):
        if isinstance(node, _DEFINITION):
            yield node.name
        elif isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            inner: ast.expr = node
            while isinstance(inner, ast.Attribute | ast.Subscript):
                inner = inner.value
            if isinstance(inner, ast.Name):
                yield inner.id
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _note_import(statement: ast.Import | ast.ImportFrom, module: Module) -> None:
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            module.imported[alias.asname or alias.name] = alias.name, ""
        return
    source = "." * statement.level + (statement.module or "")
    for alias in statement.names:
        if alias.name == "*":
            module.starred.append(source)
        else:
            module.imported[alias.asname or alias.name] = source, alias.name


class Reach:
    """Everything that definitions of the modules in `folder`, of the package at `package`, reach there."""

    def __init__(self, package: Path, folder: Path) -> None:
        self.package, self.folder = package, folder
        self.found: dict[tuple[Path, str], str] = {}
        """The hash of each definition by itself, by its file and name."""
        self._modules: dict[Path, Module] = {}
        self.links: set[tuple[str, str, str]] = set()
        """(hash of a definition, name that stands in it, hash of what that name is)."""

    def hash(self) -> str:
        """Of all that was found."""
        files = {file for file, _ in self.found}
        loose = {digest(shape(statement)) for file in files for statement in self._module(file).loose}
        return digest(repr((sorted(set(self.found.values())), sorted(self.links), sorted(loose))))

    def add(self, file: Path, name: str) -> str:
        """Find a definition and what it reaches; returns its own hash."""
        if (file, name) in self.found:
            return self.found[file, name]
        definition = self._module(file).definition(name)
        self.found[file, name] = definition.hash
        for base, attribute in definition.uses:
            for target in self._meant(file, base, attribute, definition):
                if target != (file, name):
                    self.links.add((definition.hash, f"{base}.{attribute}", self.add(*target)))
        return definition.hash

    def _meant(self, file: Path, base: str, attribute: str, by: Definition) -> Iterator[tuple[Path, str]]:
        """The definitions that `base.attribute`, or `base` alone, may stand for in a definition of a file."""
        module, name = by.imported.get(base) or self._module(file).imported.get(base) or ("", "")
        part = f"{module}{name}" if module.endswith(".") else f"{module}.{name}"
        whole, source = self._file(part if name else module, file), self._file(module, file)
        if whole is not None:  # base is a module: what of it is meant, or all
            for of_module in [attribute] if attribute else self._module(whole).defined:
                yield from self._definition(whole, of_module)
        elif source is not None:
            yield from self._definition(source, name)
        else:
            yield from self._definition(file, base)

    def _definition(
        self, file: Path, name: str, seen: frozenset[Path] = frozenset()
    ) -> Iterator[tuple[Path, str]]:
        """Where a name of a module is defined, through modules that hand it on."""
        module = self._module(file)
        if name in module.defined:
            yield file, name
            return
        sources = [(source, name) for source in module.starred]
        for source, original in [module.imported[name]] if name in module.imported else sources:
            other = self._file(source, file)
            if other is not None and other not in seen and original:
                yield from self._definition(other, original, seen | {file})

    def _file(self, module: str, importer: Path) -> Path | None:
        """The file of a module, as `importer` names it, where it lies in the folder."""
        return module_file(module, importer, self.package, self.folder)

    def _module(self, file: Path) -> Module:
        if file not in self._modules:
            self._modules[file] = _read(file.read_text(encoding="utf-8"))
        return self._modules[file]
