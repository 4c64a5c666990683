"""The trials of tuned losses: which points each of them is tried at.

A trial is a cell like any other, of the loss at that point; which one of them counts is decided on validation, by
who reads the records. So tuning stops, resumes and spreads as everything does.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from mlbench.search_space import Space
from mlbench.suite.cell import Cell, LossChoice, Trial
from mlbench.suite.protocol import Protocol
from mlbench.suite.tuning import Tuning

ProtocolOf = Callable[[Mapping[str, Any]], Protocol]

ATTEMPTS = 64
"""Draws that may hit a point which was tried before, until a loss counts as having no further one."""


@dataclass(frozen=True)
class Contender:
    """A loss of the suite, and what of its parameters the suite leaves open to tuning."""

    choice: LossChoice
    space: Mapping[str, Space]


@dataclass(frozen=True)
class Point:
    """A trial of a loss, with all values spelled out; `trial` is None where nothing is tuned."""

    loss: LossChoice
    train: Protocol
    trial: Trial | None = None


def untuned_points(contenders: Sequence[Contender], protocol: Protocol) -> list[Point]:
    """Every loss as the suite has it."""
    return [Point(contender.choice.under(protocol), protocol) for contender in contenders]


def tuned_points(
    contenders: Sequence[Contender],
    tuning: Tuning,
    protocol: Protocol,
    protocol_of: ProtocolOf,
    stream: str,
) -> list[Point]:
    """All trials of all losses on one dataset and seed, by number of the trial, then loss.

    `protocol_of` gives the `protocol` under values of shared knobs. What is drawn depends on `stream`, the number of
    the trial and the loss's id alone: more trials keep those that there were. No point is tried twice, under no other
    id of the loss either, so a loss may have fewer than `tuning.trials`, down to the one.
    """
    first = untuned_points(contenders, protocol)
    taken = {_key(point.loss, _text(protocol)) for point in first}
    found = [[Point(point.loss, point.train, Trial(0, 1, tuning.trials, ()))] for point in first]
    exhausted: set[str] = set()
    for number in range(1, tuning.trials):
        shared = tuning.draw(protocol, Random(f"{stream}/{number}"))
        tried = protocol_of(shared) if shared else protocol
        under = _text(tried)
        for contender, plain, points in zip(contenders, first, found, strict=True):
            name = contender.choice.id
            for own in _draws(contender, f"{stream}/{number}/{name}") if name not in exhausted else ():
                loss = replace(plain.loss, parameters={**plain.loss.parameters, **own})
                if (key := _key(loss, under)) not in taken:
                    taken.add(key)
                    points.append(
                        Point(loss, tried, Trial(number, 1, tuning.trials, _instead(plain, own, shared)))
                    )
                    break
            else:
                if not shared:
                    exhausted.add(name)
    counted = [replace(point, trial=_of(point, len(points))) for points in found for point in points]
    return sorted(counted, key=lambda point: point.trial.number if point.trial else 0)


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


def trials_in_words(cells: Iterable[Cell]) -> list[str]:
    """A sentence for each tuned suite: how many trials its losses get."""
    found: dict[str, dict[str, int]] = {}
    for cell in cells:
        if cell.trial is not None:
            of = found.setdefault(cell.suite, {})
            of[cell.loss.id] = max(of.get(cell.loss.id, 0), cell.trial.of)
    sentences = []
    for suite, of in found.items():
        most = max(of.values())
        fewer = ", ".join(f"{loss} {count}" for loss, count in of.items() if count < most)
        rest = f"; fewer where there is no further point to try: {fewer}" if fewer else ""
        sentences.append(
            f"tuning ({suite}): {most} trials of a loss on each dataset, fraction and seed{rest}"
        )
    return sentences


def _draws(contender: Contender, stream: str) -> Iterator[dict[str, Any]]:
    random = Random(stream)
    for _ in range(ATTEMPTS if contender.space else 1):
        yield {name: contender.space[name].at(random.random()) for name in sorted(contender.space)}


def _instead(plain: Point, own: Mapping[str, Any], shared: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """What was drawn, by its place in a cell's description, with the value that it replaces."""
    return (
        *((f"loss/parameters/{name}", plain.loss.parameters[name]) for name in own),
        *((f"train/{name}", getattr(plain.train, name)) for name in shared),
    )


def _of(point: Point, trials: int) -> Trial:
    assert point.trial is not None
    return replace(point.trial, of=trials)


def _text(protocol: Protocol) -> str:
    return json.dumps(protocol.identity(), sort_keys=True)


def _key(loss: LossChoice, under: str) -> tuple[str, str, str]:
    """What two equal points have in common."""
    return loss.name, repr(sorted(loss.parameters.items())), under
