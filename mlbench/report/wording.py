"""Numbers and names in sentences."""

from __future__ import annotations

from collections.abc import Sequence


def count(number: int, thing: str, plural: str = "") -> str:
    """`1 family`, `5 families`."""
    return f"{number:,} {thing if number == 1 else plural or thing + 's'}"


def listed(names: Sequence[str], most: int = 6) -> str:
    """`a, b and c`; of more than `most` the rest as a number."""
    names = list(names)
    if len(names) > most:
        names = [*names[:most], f"{len(names) - most} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "none"
