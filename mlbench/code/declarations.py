"""What a Python file registers, read from its source by `ast`: nothing of the file is run.

A declaration is a class or function under a `@register_…("name")` decorator, with the parameters of its
constructor (or of the function), its class attributes and its docstring. Only literals can be read this
way; whatever is not a literal is listed in `problems`, and `mlbench check` reports it as an error.
"""

from __future__ import annotations

import ast
import functools
import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from mlbench import search_space
from mlbench.code.siblings import fellows, siblings
from mlbench.code.syntax import digest, shape
from mlbench.errors import ConfigError, did_you_mean

PACKAGE_FOLDER = Path(__file__).parents[1]


class _Missing:
    def __repr__(self) -> str:
        return "<required>"


REQUIRED: Any = _Missing()
"""The default of a parameter that has none."""


@dataclass(frozen=True)
class Parameter:
    """One parameter: its name, its default (`REQUIRED` where it has none) and its annotation's type."""

    name: str
    default: Any
    annotation: str

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    @property
    def optional(self) -> bool:
        """Whether None is among what it takes."""
        return bool(re.search(r"\bNone\b", self.annotation))

    @property
    def type(self) -> Any:
        """The annotation as a type; `Any` where it is more than numbers, strings, literals and containers."""
        return _type_of(ast.parse(self.annotation, mode="eval").body) if self.annotation else Any


@dataclass(frozen=True)
class Declaration:
    """One registered object as its source states it."""

    name: str
    object_name: str
    doc: str
    parameters: tuple[Parameter, ...]
    attributes: Mapping[str, Any]
    file: Path
    source_hash: str
    problems: tuple[str, ...] = ()
    origin: Literal["built in", "plugin", "entry point", "folder"] = "built in"
    module: str | None = field(default=None, compare=False)

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return self.doc.strip().split("\n", 1)[0].strip()

    @property
    def version(self) -> int:
        """The class attribute `version`, raised by hand when a change alters results."""
        return int(self.attributes.get("version", 1))

    @property
    def code(self) -> tuple[int, str | None]:
        """What of its code stands in a result's name: the version, and unless it is built in a hash of the source,
        comments and docstrings aside."""
        return self.version, None if self.origin == "built in" else self.source_hash

    def identity(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What of its parameters' `values` stands in a result's name: a parameter that came later is left out at the
        value that means what was done `before` (the class attribute), so that it orphans no result."""
        before = self.attributes.get("before", {})
        return {name: value for name, value in values.items() if name not in before or value != before[name]}

    def resolve(self, given: Mapping[str, Any], where: str) -> dict[str, Any]:
        """All parameters spelled out: `given`, checked against the annotations, over the defaults. TOML has no None:
        "none" stands for it where a parameter may be None and takes no such word.

        Raises ConfigError that starts with `where` for an unknown or missing parameter or a wrong type.
        """
        from pydantic import TypeAdapter, ValidationError

        known = {parameter.name: parameter for parameter in self.parameters}
        for key in given:
            if key not in known:
                hint = did_you_mean(key, known) if known else "; it has no parameters"
                raise ConfigError(f"{where}: {self.name!r} has no parameter {key!r}{hint}")
        resolved = {}
        for name, parameter in known.items():
            if name not in given:
                if parameter.default is REQUIRED:
                    raise ConfigError(f"{where}: {self.name!r} needs a value for {name!r}")
                resolved[name] = parameter.default
                continue
            takes = TypeAdapter(parameter.type)
            try:
                resolved[name] = takes.validate_python(given[name], strict=True)
            except ValidationError as error:
                if given[name] == "none" and parameter.optional:
                    resolved[name] = None
                    continue
                reason = "; ".join(dict.fromkeys(str(item["msg"]) for item in error.errors()))
                wanted = f"{self.name!r} takes {name}: {parameter.annotation}"
                raise ConfigError(f"{where}: {wanted}, got {given[name]!r} ({reason})") from None
        return resolved


def read_declarations(file: Path, decorator: str, *, installed: bool = False) -> list[Declaration]:
    """Every object of `file` under `@<decorator>("name")`, in the order of the source. `installed`: it is imported from
    where it lies, and not carried to wherever a cell runs, as a loose file is with its siblings.

    Raises ConfigError where the file cannot be read or is not Python.
    """
    tree = _parse(file)
    own = _source_hash(file, tree, installed)
    found = []
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            for name in _registered_names(node, decorator):
                found.append(_declare(name, node, tree, file, own))
    return found


def _source_hash(file: Path, tree: ast.Module, installed: bool) -> str:
    """Of a file and of the modules of its own that it imports; of mlbench's own the file alone, which `code_hash` looks
    behind."""
    own = digest(shape(tree))
    if file.is_relative_to(PACKAGE_FOLDER):
        return own
    others = fellows(file) if installed else siblings(file)
    beside = sorted(digest(shape(_parse(each))) for each in others)
    return digest(repr((own, beside))) if beside else own


def _parse(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_bytes(), filename=str(file))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ConfigError(f"{file}: not valid Python: {error}") from error
    except SyntaxError as error:
        raise ConfigError(f"{file}, line {error.lineno}: not valid Python: {error.msg}") from error


def _registered_names(node: ast.ClassDef | ast.FunctionDef, decorator: str) -> list[str]:
    names = []
    for call in node.decorator_list:
        if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant):
            function = call.func
            called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if called == decorator:
                names.append(str(call.args[0].value))
    return names


def _declare(
    name: str,
    node: ast.ClassDef | ast.FunctionDef,
    tree: ast.Module,
    file: Path,
    own_hash: str,
) -> Declaration:
    problems: list[str] = []
    attributes: dict[str, Any] = {}
    signature: ast.FunctionDef | None = node if isinstance(node, ast.FunctionDef) else None
    if isinstance(node, ast.ClassDef):
        for ancestor in reversed(_lineage(node, tree)):
            for statement in ancestor.body:
                if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
                    signature = statement
                else:
                    _read_attribute(statement, attributes, problems)
    parameters = _read_parameters(signature, problems) if signature else ()
    doc = inspect.cleandoc(ast.get_docstring(node) or "")
    return Declaration(
        name, node.name, doc, parameters, attributes, file, own_hash, tuple(dict.fromkeys(problems))
    )


def _lineage(node: ast.ClassDef, tree: ast.Module) -> list[ast.ClassDef]:
    """The class and those of its ancestors that stand in the same file or in a module of mlbench, nearest first."""
    lineage = [node]
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id != node.name:
            found = _find_class(base.id, tree)
            lineage += _lineage(*found) if found else []
    return lineage


def _find_class(name: str, tree: ast.Module) -> tuple[ast.ClassDef, ast.Module] | None:
    """The class that `name` stands for in a file, with the file that holds it."""
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef) and statement.name == name:
            return statement, tree
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith("mlbench."):
            for alias in statement.names:
                if (alias.asname or alias.name) == name and (other := _module(str(statement.module))):
                    return _find_class(alias.name, other)
    return None


@functools.cache
def _module(name: str) -> ast.Module | None:
    """A module of mlbench, as it stands; None where it is a package."""
    file = PACKAGE_FOLDER.joinpath(*name.split(".")[1:]).with_suffix(".py")
    return _parse(file) if file.is_file() else None


def _read_attribute(statement: ast.stmt, attributes: dict[str, Any], problems: list[str]) -> None:
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, value = statement.targets[0], statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        target, value = statement.target, statement.value
    else:
        return
    if not isinstance(target, ast.Name) or target.id.startswith("_"):
        return
    try:
        attributes[target.id] = _literal(value)
    except ValueError as error:
        problems.append(f"class attribute {target.id!r} is not a literal: {error}")


def _read_parameters(function: ast.FunctionDef, problems: list[str]) -> tuple[Parameter, ...]:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    pairs = list(zip(positional, [*defaults, *arguments.defaults], strict=True))
    if function.name == "__init__":
        pairs = pairs[1:]
    pairs += list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
    if arguments.vararg or arguments.kwarg:
        problems.append("parameters are passed on blind (*args or **kwargs); name each one")
    read = []
    for argument, default in pairs:
        value = REQUIRED
        if default is not None:
            try:
                value = _literal(default)
            except ValueError as error:
                problems.append(f"the default of {argument.arg!r} is not a literal: {error}")
        annotation = ast.unparse(argument.annotation) if argument.annotation else ""
        read.append(Parameter(argument.arg, value, annotation))
    return tuple(read)


def _literal(node: ast.expr) -> Any:
    """The value of a literal, or of a search-space constructor called with literals."""
    if isinstance(node, ast.Call) and not node.keywords:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in search_space.CONSTRUCTORS:
            return search_space.CONSTRUCTORS[called](*(_literal(argument) for argument in node.args))
        if called in ("set", "frozenset", "dict") and not node.args:
            return {"set": set, "frozenset": frozenset, "dict": dict}[called]()
        if called == "frozenset" and len(node.args) == 1:
            return frozenset(_literal(node.args[0]))
    if isinstance(node, ast.Dict) and all(key is not None for key in node.keys):
        return {
            _literal(key): _literal(value) for key, value in zip(node.keys, node.values, strict=True) if key
        }
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        raise ValueError(ast.unparse(node)) from None


_SIMPLE_TYPES: dict[str, Any] = {"float": float, "int": int, "str": str, "bool": bool, "None": None}


def _type_of(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant):
        return None if node.value is None else Any
    if isinstance(node, ast.Name):
        return _SIMPLE_TYPES.get(node.id, Any)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        left, right = _type_of(node.left), _type_of(node.right)
        return Any if Any in (left, right) else left | right if left is not None else right | None
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        if node.value.id == "Literal":
            choices = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            return Literal[tuple(ast.literal_eval(choice) for choice in choices)]
        if node.value.id in ("list", "Sequence"):
            return list.__class_getitem__(_type_of(node.slice))
    return Any
