"""The ranges that a loss declares for its own hyperparameters in `search_space`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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


@dataclass(frozen=True)
class Uniform:
    """A real number between `low` and `high`, both included, each as likely."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"Uniform needs low < high, got {self.low} and {self.high}")


@dataclass(frozen=True)
class LogUniform:
    """A positive real number whose logarithm is uniform between those of `low` and `high`."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high:
            raise ValueError(f"LogUniform needs 0 < low < high, got {self.low} and {self.high}")


@dataclass(frozen=True)
class Int:
    """A whole number between `low` and `high`, both included."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"Int needs low < high, got {self.low} and {self.high}")


Space = Choice | Uniform | LogUniform | Int
CONSTRUCTORS = {"Choice": Choice, "Uniform": Uniform, "LogUniform": LogUniform, "Int": Int}
