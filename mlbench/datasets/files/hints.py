"""How an error writes the setting that would help: as a suite's key or, for who types a command, as its option."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

_as_options: ContextVar[bool] = ContextVar("as_options", default=False)


@contextmanager
def hints_as_options() -> Iterator[None]:
    """What is raised inside writes settings of own data as `--column KEY=VALUE`."""
    token = _as_options.set(True)
    try:
        yield
    finally:
        _as_options.reset(token)


def setting(key: str, value: str | Sequence[str] | None = None, *, more: bool = False) -> str:
    """`key = value`, as the user would write it there; no value is one that only the user knows, `more` says so
    of further values of a list."""
    written = "…" if value is None else json.dumps(value, ensure_ascii=False)
    if more:
        written = written.removesuffix("]") + ", …]"
    if not _as_options.get():
        return f"`{key} = {written}`"
    if value is None or (isinstance(value, str) and value.isidentifier()):
        return f"`--column {key}={value or '…'}`"
    return f"`--column {shlex.quote(f'{key}={written}')}`"
