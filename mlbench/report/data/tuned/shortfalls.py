"""Why tuned losses do not count in full: a sentence for each task and reason, however many losses it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mlbench.report.wording import count, listed

Reason = Literal["trials missing", "no trials", "another choice", "not trained anew"]


@dataclass(frozen=True)
class Shortfall:
    """What one loss lacks on one task."""

    reason: Reason
    loss: str
    task: str
    finals: int = 0
    """Its final cells that do not count for that."""
    there: int = 0
    """Its trials that are there."""
    wanted: int = 0
    """Its trials that there are to be."""


def sentences(found: list[Shortfall]) -> Iterator[str]:
    """In the order in which task and reason were first found."""
    for task, reason in dict.fromkeys((each.task, each.reason) for each in found):
        alike = [each for each in found if (each.task, each.reason) == (task, reason)]
        uncounted = (
            count(sum(each.finals for each in alike), "final cell does", "final cells do") + " not count"
        )
        yield f"{listed(list(dict.fromkeys(each.loss for each in alike)))} on {task}: {_said(reason, alike, uncounted)}"


def _said(reason: Reason, alike: list[Shortfall], uncounted: str) -> str:
    if reason == "trials missing":
        there, wanted = _range([each.there for each in alike]), _range([each.wanted for each in alike])
        until_then = f"; {uncounted} until then" if any(each.finals for each in alike) else ""
        return f"{there} of {wanted} trials are there; `mlbench run` does the rest{until_then}"
    if reason == "no trials":
        return f"{uncounted}, since the trials that chose their values are not there"
    if reason == "another choice":
        return f"{uncounted}: the trials choose other values now"
    return "what the trials chose has not been trained anew: `mlbench run` does that"


def _range(numbers: list[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"
