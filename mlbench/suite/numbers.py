"""Seeds and fractions as suites state them: the same rules wherever they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AfterValidator


def _distinct(values: Sequence[Any]) -> None:
    if len(set(values)) < len(values):
        raise ValueError(f"{list(values)} holds a value twice")


def _seeds(values: list[int]) -> list[int]:
    _distinct(values)
    for value in values:
        if not 0 <= value < 2**63:
            raise ValueError(f"{value} is no seed; seeds are whole numbers from 0 to 2^63 - 1")
    return values


def _fraction(value: float | int) -> float | int:
    if isinstance(value, float) and value > 1 and value.is_integer():
        raise ValueError(f"{value} is above 1: write {int(value)} for that many rows, or a share in (0, 1]")
    if not (0 < value <= 1 or (isinstance(value, int) and value > 1)):
        raise ValueError(f"{value} is neither a share in (0, 1] nor a whole number of rows above 1")
    return float(value) if value <= 1 else int(value)


def _fractions(values: list[float | int]) -> list[float | int]:
    _distinct(values)
    return [_fraction(value) for value in values]


Seeds = Annotated[list[int], AfterValidator(_seeds)]
Fraction = Annotated[float | int, AfterValidator(_fraction)]
Fractions = Annotated[list[float | int], AfterValidator(_fractions)]
