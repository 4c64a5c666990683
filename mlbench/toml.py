"""TOML from outside: whatever is wrong with it is one kind of error."""

from __future__ import annotations

import tomllib
from typing import Any


def loads(text: str) -> dict[str, Any]:
    """What a TOML text says; raises tomllib.TOMLDecodeError, a ValueError, for one that is none or nests too deep."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise tomllib.TOMLDecodeError("nested too deep") from None
