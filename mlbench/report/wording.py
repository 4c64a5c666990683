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


def show_fraction(fraction: float | int) -> str:
    """`1 %`, `100 %`, or `500 rows` for an absolute count."""
    return f"{fraction * 100:g} %" if fraction <= 1 else f"{fraction:g} rows"


def better_by(difference: float) -> str:
    """`0.005 better`, `0.012 worse`, or `level` for what rounds to 0."""
    text = f"{abs(difference):.3f}"
    return "level" if float(text) == 0 else f"{text} {'worse' if difference < 0 else 'better'}"


def makers(names: Sequence[str]) -> str:
    """`a alone makes`, `a and b each make`."""
    return f"{listed(names)} {'alone makes' if len(names) == 1 else 'each make'}"


LEAST_PERCENT = 0.001
"""What is less is printed as 0."""


def in_percent(share: float, *, plus: str = "+") -> str:
    """`+3.1`, `−0.4`, `0.0`, or `+0.03` for what would round to 0 and is not; `plus` stands before what is above 0."""
    text = f"{abs(100 * share):.1f}"
    if float(text) == 0 and abs(100 * share) >= LEAST_PERCENT:
        text = f"{abs(100 * share):.1g}"
    return text if float(text) == 0 else (plus if share > 0 else "−") + text
