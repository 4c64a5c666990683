"""Two losses and a trait that says which of them to take: one below a value, the other from there on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mlbench.report.data.arrays import Floats, settled
from mlbench.report.data.traits import Traits
from mlbench.report.recommendation.advice import by_family, family_means
from mlbench.report.statistics.interval import LEAST_FAMILIES


@dataclass(frozen=True)
class Split:
    """A rule read off past families."""

    trait: str
    at: float
    """Between the last family below and the first one above."""
    below: str
    """The loss to take there."""
    above: str

    def loss_for(self, traits: Traits) -> str | None:
        """The one to take; None where the trait is not known."""
        value = traits.numbers[self.trait]
        return None if math.isnan(value) else self.below if value < self.at else self.above

    def why(self, loss: str) -> str:
        """What speaks for one of the two."""
        of = f"{self.at:.3g} {self.trait}"
        here, there = (f"under {of}", f"{of} or more")
        if loss == self.above:
            here, there = there, here
        other = self.below if loss == self.above else self.above
        return f"on families of {here} it ended nearest to the best, on those of {there} {other} did"


def find_split(
    scores: Floats,
    names: Sequence[str],
    families: Sequence[str],
    traits: Sequence[Traits],
    tasks: Sequence[int],
) -> Split | None:
    """Of scores [losses, tasks], the losses by their `names`, more is better: the split of the families of some `tasks`
    whose losses end nearest to the best on average, each side of LEAST_FAMILIES or more. Only losses with a score on
    all of the tasks are taken.

    None where no split ends nearer than the best single loss.
    """
    groups = by_family(families, tasks)
    losses = np.flatnonzero(~np.isnan(scores[:, list(tasks)]).any(1))
    if len(losses) < 2 or len(groups) < 2 * LEAST_FAMILIES:
        return None
    means = family_means(scores[losses], groups)
    regrets = settled(means.max(1, keepdims=True) - means)
    least, best = float(settled(regrets.mean(0).min())), None
    for trait in traits[0].numbers:
        values = np.array([np.mean([traits[task].numbers[trait] for task in group]) for group in groups])
        for at in _places(values):
            low = values < at
            below, above = regrets[low].sum(0), regrets[~low].sum(0)
            found = float(settled((below.min() + above.min()) / len(values)))
            if found < least and below.argmin() != above.argmin():
                least = found
                best = Split(trait, at, names[losses[below.argmin()]], names[losses[above.argmin()]])
    return best


def _places(values: Floats) -> Iterator[float]:
    """Half-way, by ratio, between neighbours that leave enough families on both sides; none where one is unknown."""
    ordered = np.sort(values)
    if np.isnan(values).any() or ordered[0] <= 0:
        return
    for place in range(LEAST_FAMILIES, len(ordered) - LEAST_FAMILIES + 1):
        low, high = float(ordered[place - 1]), float(ordered[place])
        if low < high:
            yield math.sqrt(low * high)
