"""A syntax tree as text that comments, docstrings and layout do not change, and its hash."""

from __future__ import annotations

import ast
import hashlib


def digest(text: str) -> str:
    """A short hash of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


ASIDE = frozenset(
    {
        "search_space",
        "without_effect",
        "before",
        "exact_gradient",
        "identities",
        "same_results",
        "stateful",
        "weighs_unknown",
    }
)
"""Class attributes that say what to try of a thing, what it is called by and what it is held against, and that change
nothing of what it does."""


def shape(node: ast.AST, without: frozenset[str] = frozenset()) -> str:
    """A syntax tree as text, without positions, docstrings and the class attributes `without`. Empty fields are left
    out, so that a release of Python that adds some changes nothing."""
    return repr(_shape(node, without))


def _shape(value: object, without: frozenset[str]) -> object:
    if isinstance(value, ast.AST):
        fields = [
            (name, found) for name, found in ast.iter_fields(value) if found is not None and found != []
        ]
        if isinstance(value, ast.ClassDef):
            kept = [statement for statement in value.body if not _assigns(statement, without)]
            fields = [(name, kept if name == "body" else found) for name, found in fields]
        return type(value).__name__, [(name, _shape(found, without)) for name, found in fields]
    if isinstance(value, list):
        return [_shape(each, without) for each in value if not is_text(each)]
    return value


def _assigns(statement: ast.stmt, names: frozenset[str]) -> bool:
    """Whether it gives some of the names a value, and does nothing else."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    return bool(targets) and all(isinstance(each, ast.Name) and each.id in names for each in targets)


def is_text(node: object) -> bool:
    """A string that stands by itself: a docstring, of an attribute too."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
