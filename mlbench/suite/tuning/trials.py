"""The trials of tuned losses: which configurations each of them is tried at.

A trial is a cell like any other, of the loss at that configuration; which one is trained anew is decided on
validation, from the records (`choice`). So tuning stops, resumes and spreads as everything does."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from mlbench.search_space import Space
from mlbench.suite.cell import LossChoice
from mlbench.suite.ground import Ground
from mlbench.suite.protocol import Protocol
from mlbench.suite.tuning.spaces import PREFIX, Searched
from mlbench.suite.tuning.table import Drawn, Tuning

ATTEMPTS = 64
"""Draws of a loss's own values, beside one draw of the shared ones, that may hit a configuration of before."""
REDRAWS = 1000
"""Draws of both that may, until the loss counts as having no further configuration."""


@dataclass(frozen=True)
class Candidate:
    """A loss of the suite, and what of it the suite leaves open to tuning."""

    choice: LossChoice
    searched: Searched = field(default_factory=Searched)


@dataclass(frozen=True)
class Configuration:
    """A loss with all values spelled out. Of a trial, its number, the places of what was drawn with the suite's own
    values there, and the places of those drawn at an edge."""

    loss: LossChoice
    train: Protocol
    number: int = 0
    untuned: tuple[tuple[str, Any], ...] = ()
    edges: tuple[str, ...] = ()


def plain_configurations(candidates: Sequence[Candidate], protocol: Protocol) -> list[Configuration]:
    """Every loss as the suite has it."""
    return [Configuration(candidate.choice.under(protocol), protocol) for candidate in candidates]


def trial_configurations(
    candidates: Sequence[Candidate], tuning: Tuning, ground: Ground
) -> list[list[Configuration]]:
    """The trials of each loss on one dataset, `tuning.trials` of each, by their number.

    What is drawn depends on the sequence, the dataset's name, the trial's number and the loss's id alone: more keep
    those that there were, and the shared hyperparameters have the same values for all losses. No configuration is
    tried twice, under no other id of the loss either: where a loss has no further values of its own, or what was
    drawn of the shared hyperparameters does nothing for it, others of these are drawn for it. Raises ValueError where
    that finds nothing new either."""
    search = _Search(tuning, ground)
    found = [[configuration] for configuration in search.first(candidates)]
    for number in range(1, tuning.trials):
        for candidate, configurations in zip(candidates, found, strict=True):
            configurations.append(search.next(candidate, configurations, number))
    return found


class _Search:
    """Draws configurations of losses on one dataset, none twice."""

    def __init__(self, tuning: Tuning, ground: Ground) -> None:
        self._tuning, self._ground = tuning, ground
        self._taken: set[str] = set()

    def first(self, candidates: Sequence[Candidate]) -> list[Configuration]:
        """The losses as the suite has them."""
        found = []
        for candidate, configuration in zip(
            candidates, plain_configurations(candidates, self._ground.train), strict=True
        ):
            places = [
                name for name in self._tuning.own_edges(configuration.train) if self._moves(candidate, name)
            ]
            found.append(replace(configuration, edges=tuple(f"train/{name}" for name in places)))
        self._taken |= {_key(configuration) for configuration in found}
        return found

    def next(
        self, candidate: Candidate, configurations: Sequence[Configuration], number: int
    ) -> Configuration:
        """A further configuration of a loss that has these."""
        for shared, own in self._draws(candidate, number):
            configuration = self._point(candidate, configurations[0], number, shared, own)
            if configuration is not None and (key := _key(configuration)) not in self._taken:
                self._taken.add(key)
                return configuration
        raise ValueError(
            f"loss {candidate.choice.id!r} has {len(configurations)} different settings to try, fewer than "
            "tuning.trials = "
            f"{self._tuning.trials}; give tuning.shared more values, or all losses fewer trials"
        )

    def _draws(
        self, candidate: Candidate, number: int
    ) -> Iterator[tuple[Mapping[str, Drawn], Mapping[str, Any]]]:
        """Values of the shared hyperparameters, and of what the loss alone has; those of the shared ones at first the
        same."""
        sequence = f"{self._tuning.sequence}:" if self._tuning.sequence else ""
        stream = f"{sequence}{self._ground.name}/{number}"
        own = Random(f"{stream}/{candidate.choice.id}")
        spaces_of_keys = candidate.searched.keys
        spaces = {
            **candidate.searched.own,
            **{
                f"{PREFIX}{name}": spaces_of_keys[name]
                for name in spaces_of_keys
                if name not in self._ground.given
            },
        }
        shared = self._tuning.draw(self._ground.train, Random(stream))
        for _ in range(ATTEMPTS if spaces else 1):
            yield shared, _values(spaces, own)
        for _ in range(REDRAWS):
            yield self._tuning.draw(self._ground.train, own), _values(spaces, own)

    def _point(
        self,
        candidate: Candidate,
        plain: Configuration,
        number: int,
        shared: Mapping[str, Drawn],
        own: Mapping[str, Any],
    ) -> Configuration | None:
        """The configuration at what was drawn, as far as that does anything."""
        moving = {name: drawn for name, drawn in shared.items() if self._moves(candidate, name)}
        tried = self._ground.protocol_of({name: drawn.value for name, drawn in moving.items()})
        own_keys = {
            name.removeprefix(PREFIX): value
            for name, value in own.items()
            if name.startswith(PREFIX) and self._ground.has_effect(name.removeprefix(PREFIX), tried)
        }
        values = {name: drawn.value for name, drawn in moving.items()} | own_keys
        parameters = candidate.searched.effective(
            plain.loss.parameters, {name: value for name, value in own.items() if not name.startswith(PREFIX)}
        )
        return Configuration(
            loss=replace(plain.loss, parameters={**plain.loss.parameters, **parameters}),
            train=self._ground.protocol_of(values) if own_keys else tried,
            number=number,
            untuned=(
                *((f"loss/parameters/{name}", plain.loss.parameters[name]) for name in parameters),
                *((f"train/{name}", getattr(plain.train, name)) for name in values),
            ),
            edges=tuple(
                f"train/{name}" for name, drawn in moving.items() if drawn.edge and name not in own_keys
            ),
        )

    def _moves(self, candidate: Candidate, key: str) -> bool:
        """Whether a shared hyperparameter can do anything for the loss."""
        return key not in candidate.searched.unmoved and self._ground.has_effect(key, self._ground.train)


def untuned(description: Mapping[str, Any]) -> Mapping[str, Any]:
    """The description of a cell with the suite's own values in place of those its trial drew, without the trial."""
    if not description.get("trial"):
        return description
    whole: dict[str, Any] = copy.deepcopy(dict(description))
    for path, value in whole.pop("trial")["untuned"]:
        *outer, key = path.split("/")
        table = whole
        for part in outer:
            table = table[part]
        table[key] = value
    return whole


def _values(spaces: Mapping[str, Space], random: Random) -> dict[str, Any]:
    return {name: spaces[name].at(random.random()) for name in sorted(spaces)}


def _key(configuration: Configuration) -> str:
    """What two equal configurations have in common."""
    return json.dumps(
        [
            configuration.loss.name,
            dict(configuration.loss.parameters),
            configuration.loss.identity_of(configuration.train),
        ],
        sort_keys=True,
        default=repr,
    )
