"""A question about losses as a reader writes it: `asl - bce`, `best(supcon, msc) - bce on f1_macro@label`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from mlbench.errors import ConfigError, UnknownNameError

SHAPE = 'write "asl - bce", or "best(supcon, msc) - mean(bce, asl) on f1_macro@label"'
_SIDE = re.compile(r"(?:(?P<rule>best|mean)\((?P<names>[^()]*)\)|(?P<name>[^\s(),]+))")


@dataclass(frozen=True)
class Side:
    """One or several losses. Of several the `best` on validation, dataset by dataset, or the `mean` of all."""

    losses: tuple[str, ...]
    rule: str = "mean"

    def __str__(self) -> str:
        return self.losses[0] if len(self.losses) == 1 else f"{self.rule}({', '.join(self.losses)})"


@dataclass(frozen=True)
class AskedContrast:
    """How far `ahead` is ahead of `behind` by the metric `key`."""

    ahead: Side
    behind: Side
    key: str = "map"

    def __str__(self) -> str:
        return f"{self.ahead} − {self.behind}"

    @property
    def losses(self) -> tuple[str, ...]:
        """All that it names, each once."""
        return tuple(dict.fromkeys((*self.ahead.losses, *self.behind.losses)))


def read_contrast(text: str) -> AskedContrast:
    """Of what a reader wrote. Raises ConfigError that says how it is written."""
    sides, _, key = text.strip().partition(" on ")
    parts = re.split(r"\s[-−]\s", sides)
    if len(parts) != 2:
        raise ConfigError(f"--contrast {text!r}: two sides with a minus between blanks; {SHAPE}")
    ahead, behind = (_side(part.strip(), text) for part in parts)
    return AskedContrast(ahead, behind, key.strip() or "map")


def check_names(questions: Iterable[AskedContrast], losses: Collection[str], keys: Collection[str]) -> None:
    """Raises UnknownNameError for a loss or a metric that no record has."""
    for question in questions:
        where = f"--contrast {str(question)!r}"
        for name in question.losses:
            if name not in losses:
                raise UnknownNameError("loss of these records", name, losses, where)
        if question.key not in keys:
            raise UnknownNameError("metric of these records", question.key, keys, where)


def _side(part: str, text: str) -> Side:
    found = _SIDE.fullmatch(part)
    names = [] if found is None else [found["name"]] if found["name"] else found["names"].split(",")
    losses = tuple(dict.fromkeys(name.strip() for name in names))
    if found is None or not all(losses):
        raise ConfigError(f"--contrast {text!r}: {part!r} is no loss and no list of some; {SHAPE}")
    return Side(losses, found["rule"] or "mean")
