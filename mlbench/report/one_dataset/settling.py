"""What it would take to tell a difference apart: more test rows, more seeds.

The square of a difference's standard error is v/N + s/S: v from the test rows, N of them, s from the seeds, S of them.
A difference d is found with 80 % power, at 5 % and by the normal approximation, once the error is d / 2.80.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

POWERED = 1.959964 + 0.841621
"""The 97.5 % and 80 % points of the normal distribution together."""
SEED_STEPS = (1, 2, 4, 8)
"""Times as many seeds as there are that are thought of: more rows are the first remedy."""
MOST_ROWS = 20
"""Times as many test rows as there are: beyond, nobody will collect them."""


@dataclass(frozen=True)
class Settled:
    """What tells a difference of `size` apart: so many test rows and seeds more; None where nothing in reach does."""

    size: float
    rows: int | None
    seeds: int = 0


def what_settles(size: float, error: float, from_rows: float, rows: int, seeds: int) -> Settled:
    """Of a difference whose standard error is `error`, of which the test rows make `from_rows`, over `rows` test rows
    and `seeds` seeds."""
    wanted = (size / POWERED) ** 2
    of_rows, of_seeds = from_rows**2, max(error**2 - from_rows**2, 0.0)
    for times in SEED_STEPS:
        left = wanted - of_seeds / times
        if left > 0:
            more = max(0, math.ceil(rows * of_rows / left) - rows)
            if more <= MOST_ROWS * rows:
                return Settled(size, _round_up(more), seeds * (times - 1))
    return Settled(size, None)


def _round_up(number: int) -> int:
    """To two digits: what it rests on is no surer."""
    step = int(10 ** max(0, len(str(number)) - 2))
    return math.ceil(number / step) * step
