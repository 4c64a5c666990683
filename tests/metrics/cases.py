"""Splits to try the metrics on: random, tied, degenerate, partly not scored."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from mlbench.metrics import Scored


class Case(NamedTuple):
    scores: NDArray[np.float32]
    targets: NDArray[np.uint8]

    @property
    def scored(self) -> Scored:
        return Scored(self.scores, self.targets)


def make_case(
    samples: int, labels: int, *, seed: int, density: float = 0.3, levels: int = 0, unscored: float = 0.0
) -> Case:
    """Random scores, rounded to `levels` values where that is not 0, and targets that lean on them."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(samples, labels)).astype(np.float32) * 3
    if levels:
        scores = (np.round(scores * levels / 12) * 12 / levels).astype(np.float32)
    noise = rng.normal(size=(samples, labels)) * 3
    targets = (scores + noise > np.quantile(scores + noise, 1 - density)).astype(np.uint8)
    targets[rng.random(targets.shape) < unscored] = 255
    return Case(scores, targets)


@st.composite
def cases(draw: st.DrawFn, unscored: bool = False) -> Case:
    """Small splits: ties, rows and columns without or full of positives, one label, one sample."""
    case = make_case(
        samples=draw(st.integers(1, 24)),
        labels=draw(st.integers(1, 8)),
        seed=draw(st.integers(0, 10**6)),
        density=draw(st.sampled_from([0.05, 0.3, 0.7, 1.0])),
        levels=draw(st.sampled_from([0, 0, 2, 6])),
        unscored=draw(st.sampled_from([0.1, 0.5])) if unscored else 0.0,
    )
    free = case.targets != 255
    rows = draw(st.lists(st.integers(0, len(case.targets) - 1), max_size=3))
    columns = draw(st.lists(st.integers(0, case.targets.shape[1] - 1), max_size=2))
    value = draw(st.sampled_from([0, 1]))
    case.targets[rows] = value
    case.targets[:, columns] = draw(st.sampled_from([0, 1]))
    case.targets[~free] = 255
    return case
