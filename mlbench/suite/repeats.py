"""A loss once more under seeds of its own: how far two losses come to lie apart of which neither is better."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mlbench.errors import ConfigError, did_you_mean
from mlbench.suite.cell import LossChoice
from mlbench.suite.entries import LossEntry
from mlbench.suite.protocol import Protocol

SEEDS_APART = 1000
"""Added to the seeds of the cells that are compared, so that none has the streams of another."""


@dataclass(frozen=True)
class Repeat:
    """The loss `of` a suite, trained once more: it has no values of its own, and is called `id`."""

    id: str
    of: str

    def fields(self, loss: LossChoice, train: Protocol) -> dict[str, Any]:
        """Of a cell of the loss, what is another in the cell that repeats it."""
        return {
            "loss": replace(loss, id=self.id, repeats=self.of),
            "train": train.model_copy(update={"seed_shift": train.seed_shift + SEEDS_APART}),
        }


def find_repeats(
    entries: Iterable[tuple[str, LossEntry]], choices: Sequence[LossChoice], seeds: Sequence[int]
) -> list[Repeat]:
    """The entries, each with what errors call it, that repeat one of the losses that are listed.

    Raises ConfigError for a loss that is not listed, for parameters, and for seeds that would meet.
    """
    names = {choice.id: choice.name for choice in choices}
    found = []
    for key, entry in entries:
        if entry.repeats not in names:
            raise ConfigError(
                f"{key}, repeats: {entry.repeats!r} is no loss of this suite{did_you_mean(str(entry.repeats), names)}; "
                "name one that the list holds"
            )
        if names[entry.repeats] != entry.name or entry.model_extra:
            raise ConfigError(
                f"{key}: it repeats {entry.repeats!r} with the values that has, so it has its name, "
                f"{names[entry.repeats]!r}, and no parameters of its own"
            )
        if max(seeds) >= SEEDS_APART:
            raise ConfigError(
                f"{key}: a repetition has its seeds {SEEDS_APART} above the suite's, which must be below that; got "
                f"{max(seeds)}"
            )
        found.append(Repeat(entry.id or f"{entry.repeats}-again", entry.repeats))
    return found
