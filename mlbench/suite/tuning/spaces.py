"""What of a loss can be tuned: its own parameters, and the keys of the protocol that only such a loss can use.

In a `search_space` such a key stands as `train.queue`. Both are read from the source; nothing here loads a loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from mlbench.code.declarations import Declaration
from mlbench.errors import did_you_mean
from mlbench.search_space import Choice, Space
from mlbench.suite.protocol import Protocol
from mlbench.suite.resolution import problem

PREFIX = "train."
USERS = {
    "queue": ("accepts", {"memory"}, 'only a loss with "memory" in `accepts` uses the queue'),
    "views": (
        "needs",
        {"embeddings", "label_embeddings"},
        "only a loss that needs embeddings compares the views of a row",
    ),
}
"""The keys of the protocol that a loss may name, and of which of its attributes which values say that it uses them."""
CONCERNED = {
    "queue": USERS["queue"][:2],
    "head_bias": ("needs", {"logits"}),
    "projection_dim": ("needs", {"embeddings", "prototypes", "label_embeddings"}),
}
"""The shared hyperparameters that do nothing for some losses, likewise: for these they are not drawn."""


@dataclass(frozen=True)
class Searched:
    """What of one loss is tuned: `own` parameters and `keys` of the protocol, each with its range.

    idle: the parameters that do nothing under values of others, by parameter. unmoved: the shared hyperparameters
    that do nothing for the loss."""

    own: Mapping[str, Space] = field(default_factory=dict)
    keys: Mapping[str, Space] = field(default_factory=dict)
    idle: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    unmoved: frozenset[str] = frozenset()

    @classmethod
    def of(cls, declared: Declaration, given: Mapping[str, Any]) -> Searched:
        """Of a loss to which the suite gives some parameters: these stay as they are."""
        space: Mapping[str, Space] = declared.attributes.get("search_space", {})
        return cls(
            own={name: space[name] for name in space if not name.startswith(PREFIX) and name not in given},
            keys={name.removeprefix(PREFIX): space[name] for name in space if name.startswith(PREFIX)},
            idle=declared.attributes.get("without_effect", {}),
            unmoved=frozenset(key for key, by in CONCERNED.items() if not _has(declared, *by)),
        )

    def effective(self, parameters: Mapping[str, Any], drawn: Mapping[str, Any]) -> dict[str, Any]:
        """What of the `drawn` parameters does anything beside the other `parameters`."""
        whole = {**parameters, **drawn}
        return {name: value for name, value in drawn.items() if not self._is_idle(name, whole)}

    def _is_idle(self, name: str, parameters: Mapping[str, Any]) -> bool:
        under = self.idle.get(name, {})
        return bool(under) and all(parameters[other] == value for other, value in under.items())


def faults(declared: Declaration) -> Iterator[str]:
    """What is wrong with the `search_space` of a loss, and with what it says is without effect."""
    known = {parameter.name: parameter.default for parameter in declared.parameters}
    for name, space in declared.attributes.get("search_space", {}).items():
        if not name.startswith(PREFIX):
            if name not in known:
                yield f"search_space has {name!r}, which is no parameter{did_you_mean(name, known)}"
            continue
        key = name.removeprefix(PREFIX)
        if key not in USERS:
            allowed = ", ".join(f"{PREFIX}{other}" for other in USERS)
            yield f"search_space has {name!r}; of the protocol a loss may name {allowed}"
        elif not _has(declared, *USERS[key][:2]):
            yield f"search_space has {name!r}, but {USERS[key][2]}; leave it out"
        else:
            yield from _unfit(name, key, space)
    for name, under in declared.attributes.get("without_effect", {}).items():
        for other in (name, *under):
            if other not in known:
                yield f"without_effect names {other!r}, which is no parameter{did_you_mean(other, known)}"


def _has(declared: Declaration, attribute: str, values: set[str]) -> bool:
    return bool(values & set(declared.attributes.get(attribute, ())))


def _unfit(name: str, key: str, space: Space) -> Iterator[str]:
    """Values of a space that the protocol does not take."""
    for value in space.values if isinstance(space, Choice) else (space.low, space.high):
        try:
            Protocol(**{key: value})
        except ValidationError as error:
            yield f"search_space, {name!r}: {problem(error.errors()[0])}"
