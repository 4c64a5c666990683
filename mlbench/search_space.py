"""The ranges that a loss declares for its own hyperparameters in `search_space`.

`at(share)` is the value at a share in [0, 1) of a range: a share drawn evenly gives a value drawn as the range says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

DIGITS = 4
"""Significant digits of a real number that is drawn: more would tell nothing, and make names long."""


@dataclass(frozen=True, init=False)
class Choice:
    """One of the values given: `Choice(2.0, 4.0, 6.0)`."""

    values: tuple[Any, ...]

    def __init__(self, *values: Any) -> None:
        if not values:
            raise ValueError("Choice needs at least one value")
        object.__setattr__(self, "values", values)

    def __repr__(self) -> str:
        return f"Choice({', '.join(map(repr, self.values))})"

    def at(self, share: float) -> Any:
        return self.values[int(share * len(self.values))]


@dataclass(frozen=True)
class Uniform:
    """A real number between `low` and `high`, both included, each as likely."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"Uniform needs low < high, got {self.low} and {self.high}")

    def at(self, share: float) -> float:
        return _rounded(self.low + share * (self.high - self.low), self.low, self.high)


@dataclass(frozen=True)
class LogUniform:
    """A positive real number whose logarithm is uniform between those of `low` and `high`."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high:
            raise ValueError(f"LogUniform needs 0 < low < high, got {self.low} and {self.high}")

    def at(self, share: float) -> float:
        return _rounded(self.low * (self.high / self.low) ** share, self.low, self.high)


@dataclass(frozen=True)
class Int:
    """A whole number between `low` and `high`, both included."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"Int needs low < high, got {self.low} and {self.high}")

    def at(self, share: float) -> int:
        return self.low + int(share * (self.high - self.low + 1))


Space = Choice | Uniform | LogUniform | Int
CONSTRUCTORS = {"Choice": Choice, "Uniform": Uniform, "LogUniform": LogUniform, "Int": Int}


def _rounded(value: float, low: float, high: float) -> float:
    return min(max(float(f"{value:.{DIGITS}g}"), low), high)
