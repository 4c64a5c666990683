"""`[tuning]`: how many trials every loss gets, where, and the keys of the protocol that are tried with its own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, TypeGuard

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from mlbench.errors import did_you_mean
from mlbench.search_space import DIGITS, Choice, Int, LogUniform, Space, Uniform
from mlbench.suite.numbers import Fraction, Seeds
from mlbench.suite.protocol import Protocol
from mlbench.suite.resolution import problem

TUNABLE = (
    "batch_size",
    "encoder_lr",
    "head_bias",
    "head_lr",
    "weight_decay",
    "layer_decay",
    "schedule",
    "warmup",
    "clip_norm",
    "ema",
    "adapter_width",
    "projection_dim",
    "augmentation",
    "queue",
)
"""What of the protocol can be tuned. Not how long a cell trains or how it is judged: that is the budget."""

FACTORS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
SHARED: Mapping[str, Any] = {
    "encoder_lr": {"times": list(FACTORS)},
    "head_bias": ["prior", "zero"],
    "head_lr": {"times": list(FACTORS)},
    "weight_decay": {"times": list(FACTORS)},
}
"""What is tried along with the losses' own hyperparameters where a suite does not say. Wide, so that no loss is judged
by a rate that happens to suit another: how often an edge of it is chosen is in the report."""

EDGE = 0.05
"""How much of a range at either end counts as its edge."""

_SHAPE = "write a list of values, {low = …, high = …}, with log = true for rates, or {times = […]}"


@dataclass(frozen=True)
class Times:
    """The value that the dataset's own protocol has, multiplied by a number."""

    factors: Choice

    def at(self, share: float, base: float) -> float | int:
        value = float(f"{base * self.factors.at(share):.{DIGITS}g}")
        return max(1, round(value)) if isinstance(base, int) else value


@dataclass(frozen=True)
class Drawn:
    """A value of a shared hyperparameter, and whether it lies at an edge of what could be drawn."""

    value: Any
    edge: bool


class Tuning(BaseModel):
    """Random search in two stages. The first trial of a loss has the suite's own values, the others draw theirs.

    Every loss gets `trials` trials on each dataset and fraction, at configurations of its own `search_space`
    (parameters that the suite gives stay) and of `shared`, whose draws are the same for all losses. They are trained
    on `seeds`; the one that is best on validation is then trained anew on the suite's other seeds."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    trials: int = Field(
        ge=1, le=10_000, description="of every loss, the one with its own values included", examples=["8"]
    )
    seeds: Seeds | None = Field(
        None, min_length=1, description="that trials are trained on; the suite's first seed where not given"
    )
    fraction: Fraction | None = Field(
        None, description="where trials are trained; each fraction of the suite by itself where not given"
    )
    sequence: int = Field(
        0,
        ge=0,
        description="of random draws: another number tries other configurations, the first trial aside",
    )
    shared: dict[str, Any] = Field(
        default_factory=lambda: dict(SHARED),
        description="keys of [train]: a list of values, a range, or factors",
    )

    @field_validator("shared")
    @classmethod
    def _readable(cls, given: dict[str, Any]) -> dict[str, Any]:
        for name, wanted in given.items():
            if name not in TUNABLE:
                raise ValueError(f"{name!r} is nothing that can be tuned{did_you_mean(name, TUNABLE)}")
            space = _space(name, wanted)
            for value in _ends(space):
                try:
                    Protocol(**{name: value})
                except ValidationError as error:
                    raise ValueError(f"{name}: {problem(error.errors()[0])}") from None
        return given

    def draw(self, protocol: Protocol, random: Random) -> dict[str, Drawn]:
        """A value of each shared hyperparameter. Raises ValueError where a factor has nothing to multiply."""
        drawn = {}
        for name in sorted(self.shared):
            space, share = _space(name, self.shared[name]), random.random()
            if isinstance(space, Times):
                value = space.at(share, _number(name, getattr(protocol, name)))
                drawn[name] = Drawn(value, _at_edge(space.factors, space.factors.at(share)))
            else:
                value = space.at(share)
                drawn[name] = Drawn(value, _at_edge(space, value))
        return drawn

    def own_edges(self, protocol: Protocol) -> tuple[str, ...]:
        """The shared hyperparameters of which the suite's own value lies at an edge of what can be drawn."""
        found = []
        for name in sorted(self.shared):
            space = _space(name, self.shared[name])
            if _at_edge(
                *((space.factors, 1.0) if isinstance(space, Times) else (space, getattr(protocol, name)))
            ):
                found.append(name)
        return tuple(found)


def _at_edge(space: Space, value: Any) -> bool:
    """Whether a value is the least or the greatest of at least three numbers, or near an end of a range."""
    if isinstance(space, Choice):
        numbers = [each for each in space.values if _is_number(each)]
        whole = len(numbers) == len(space.values) and len(set(numbers)) > 2
        return whole and value in (min(numbers), max(numbers))
    if not _is_number(value):
        return False
    if isinstance(space, Int):
        return value in (space.low, space.high)
    place = math.log if isinstance(space, LogUniform) else float
    if isinstance(space, LogUniform) and value <= 0:
        return False
    low, high = place(space.low), place(space.high)
    share = (place(value) - low) / (high - low)
    return not EDGE < share < 1 - EDGE


def _is_number(value: Any) -> TypeGuard[float | int]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(name: str, base: Any) -> float | int:
    if not _is_number(base):
        raise ValueError(f"{name} is {base!r} there, which cannot be multiplied; give values or a range")
    return base


def _space(name: str, wanted: Any) -> Space | Times:
    if isinstance(wanted, list) and wanted:
        return Choice(*wanted)
    if isinstance(wanted, Mapping) and set(wanted) == {"times"}:
        factors = wanted["times"]
        if isinstance(factors, list) and factors and all(_positive(factor) for factor in factors):
            return Times(Choice(*factors))
        raise ValueError(f"{name}: times is a list of numbers above 0, got {factors!r}")
    if isinstance(wanted, Mapping) and {"low", "high"} <= set(wanted) <= {"low", "high", "log"}:
        low, high, log = wanted["low"], wanted["high"], wanted.get("log", False)
        try:
            if log is True:
                return LogUniform(float(low), float(high))
            whole = all(type(end) is int for end in (low, high))
            return Int(low, high) if whole else Uniform(float(low), float(high))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name}: {error}") from None
    raise ValueError(f"{name}: {_SHAPE}; got {wanted!r}")


def _positive(factor: Any) -> bool:
    return _is_number(factor) and factor > 0 and math.isfinite(factor)


def _ends(space: Space | Times) -> tuple[Any, ...]:
    """Values that the protocol must allow for it to allow them all."""
    if isinstance(space, Choice):
        return space.values
    return () if isinstance(space, Times) else (space.low, space.high)
