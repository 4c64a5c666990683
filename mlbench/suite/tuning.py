"""`[tuning]`: how many trials every loss gets, and the knobs of the protocol that are tried along with its own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from mlbench.errors import did_you_mean
from mlbench.search_space import DIGITS, Choice, Int, LogUniform, Space, Uniform
from mlbench.suite.protocol import Protocol
from mlbench.suite.resolution import problem

KNOBS = (
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

_SHAPE = "write a list of values, {low = …, high = …}, with log = true for rates, or {times = […]}"


@dataclass(frozen=True)
class Times:
    """The value that the dataset's own protocol has, multiplied by a number."""

    factors: Choice

    def at(self, share: float, base: float) -> float | int:
        value = float(f"{base * self.factors.at(share):.{DIGITS}g}")
        return max(1, round(value)) if isinstance(base, int) else value


class Tuning(BaseModel):
    """Random search: the first trial has the suite's own values, the others draw theirs.

    Every loss gets `trials` trials on each dataset, fraction and seed, at points of its own `search_space`
    (parameters that the suite gives stay) and of `shared`, whose draws are the same for all losses.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    trials: int = Field(
        ge=1, le=10_000, description="of every loss, the one with its own values included", examples=["8"]
    )
    shared: dict[str, Any] = Field(
        default_factory=dict, description="knobs of [train]: a list of values, a range, or factors"
    )

    @field_validator("shared")
    @classmethod
    def _readable(cls, given: dict[str, Any]) -> dict[str, Any]:
        for name, wanted in given.items():
            if name not in KNOBS:
                raise ValueError(f"{name!r} is nothing that can be tuned{did_you_mean(name, KNOBS)}")
            space = _space(name, wanted)
            for value in _ends(space):
                try:
                    Protocol(**{name: value})
                except ValidationError as error:
                    raise ValueError(f"{name}: {problem(error.errors()[0])}") from None
        return given

    def draw(self, protocol: Protocol, random: Random) -> dict[str, Any]:
        """A value of each shared knob. Raises ValueError where a factor has nothing to multiply."""
        drawn = {}
        for name in sorted(self.shared):
            space, share = _space(name, self.shared[name]), random.random()
            if isinstance(space, Times):
                drawn[name] = space.at(share, _number(name, getattr(protocol, name)))
            else:
                drawn[name] = space.at(share)
        return drawn


def _number(name: str, base: Any) -> float | int:
    if isinstance(base, bool) or not isinstance(base, int | float):
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
    return (
        isinstance(factor, int | float)
        and not isinstance(factor, bool)
        and factor > 0
        and math.isfinite(factor)
    )


def _ends(space: Space | Times) -> tuple[Any, ...]:
    """Values that the protocol must allow for it to allow them all."""
    if isinstance(space, Choice):
        return space.values
    return () if isinstance(space, Times) else (space.low, space.high)
