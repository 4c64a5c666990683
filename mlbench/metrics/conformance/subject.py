"""What a property is tried on: a metric, and scores drawn for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlbench.code.declarations import Declaration
from mlbench.metrics.catalog import MetricInfo, parse_key
from mlbench.metrics.evaluation import evaluate
from mlbench.metrics.scored import Scored

ROWS = 60


LABELS = 12


Numbers = npt.NDArray[np.float32]


Marks = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class MetricUnderTest:
    """A metric that is tried.

    - `declaration`: where its source is.
    - `info`: what its source declares.
    """

    declaration: Declaration
    info: MetricInfo

    def values(
        self, logits: Numbers, targets: Marks, counts: npt.NDArray[np.int64] | None = None
    ) -> dict[str, float]:
        """Its numbers on the test split by their keys, under every threshold policy; thresholds are tuned on the same
        samples. `counts` [L] are the labels' in the full training split."""
        split = Scored(logits, targets)  # type: ignore[arg-type]
        counts = falling(targets.shape[1]) if counts is None else counts
        found = evaluate(split, split, threshold=0.25, train_counts=counts, train_size=4 * len(targets))
        return {key: value for key, value in found["test"].items() if parse_key(key).name == self.info.name}


def falling(labels: int) -> npt.NDArray[np.int64]:
    """Counts of training rows, no two alike."""
    return ROWS - np.arange(labels)


def draw(seed: int, *, steps: int | None = None) -> tuple[Numbers, Marks]:
    """Logits [ROWS, LABELS] that tell something of the targets, no two alike, or with `steps` rounded to so many a unit
    so that many are equal; every label has positives, in most rows some hold."""
    generator = np.random.default_rng(seed)
    targets = (generator.random((ROWS, LABELS)) < np.linspace(0.4, 0.1, LABELS)).astype(np.uint8)
    targets[0] = 1
    targets[1] = 0
    logits = generator.standard_normal((ROWS, LABELS)) * 2 + targets - 0.5
    if steps is not None:
        logits = np.round(logits * steps) / steps
    return logits.astype(np.float32), targets
