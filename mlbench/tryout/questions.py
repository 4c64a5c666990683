"""What a file leaves open, and its answers: asked on a terminal, or told all at once."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlbench.errors import ConfigError

Value = str | list[str]


@dataclass(frozen=True)
class Option:
    """A possible value of a key and what speaks for it."""

    value: Value
    why: str


@dataclass(frozen=True)
class Question:
    """A key of own data that the file does not settle; the likeliest option first, none where nothing is likely."""

    key: str
    text: str
    options: tuple[Option, ...] = ()


Asker = Callable[[Question], Value]
"""Puts a question to whoever sits at the terminal."""


def refusal(command: str, data: str, questions: Sequence[Question], known: Mapping[str, Any]) -> ConfigError:
    """All questions in one error, with the command that answers them by the likeliest options."""
    lines = [f"{data}: {len(questions)} thing{'s' * (len(questions) > 1)} to say first"]
    lines += [f"  {question.key}: {question.text}{_listed(question)}" for question in questions]
    likely = {each.key: each.options[0].value if each.options else "…" for each in questions}
    lines.append(f"as in  {typed(command, data, {**known, **likely})}")
    return ConfigError("\n".join(lines))


def _listed(question: Question) -> str:
    shown = [f"{short(option.value)} ({option.why})" for option in question.options[:4]]
    return f"; {' or '.join(shown)}" if shown else ""


def short(value: Value) -> str:
    """A value for a reader: of a list the first few."""
    if isinstance(value, str):
        return repr(value)
    return ", ".join(value[:3]) + (f" and {len(value) - 3} more" if len(value) > 3 else "")


def typed(command: str, data: str, columns: Mapping[str, Any]) -> str:
    """The command as a shell takes it."""
    options = [f"--column {shlex.quote(f'{key}={written(value)}')}" for key, value in columns.items()]
    return " ".join([command, shlex.quote(data), *options])


def written(value: Any) -> str:
    """A value as `--column KEY=VALUE` takes it."""
    plain = isinstance(value, str) and value != "" and value == value.strip()
    return str(value) if plain else json.dumps(value, ensure_ascii=False)
