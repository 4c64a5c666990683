"""What a dataset is like: the numbers by which losses may be found to differ."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mlbench.report.data.grid import Task


@dataclass(frozen=True)
class Traits:
    """What of a dataset decides whom it is like; NaN where it is not known."""

    name: str
    modality: str
    labels: float
    cardinality: float
    imbalance: float
    train_rows: float

    @property
    def numbers(self) -> dict[str, float]:
        """The traits that are compared as ratios."""
        return {
            "labels": self.labels,
            "labels a sample": self.cardinality,
            "imbalance": self.imbalance,
            "training rows": self.train_rows,
        }

    def __str__(self) -> str:
        known = [
            f"{value:,.0f} {name}" if value >= 1000 else f"{value:.4g} {name}"
            for name, value in self.numbers.items()
            if not math.isnan(value)
        ]
        return f"{self.name}: {', '.join([self.modality, *known])}"


def traits_of_task(task: Task) -> Traits:
    """Of a dataset that records exist of."""
    return Traits(
        task.name,
        task.modality,
        float(task.labels or math.nan),
        task.cardinality,
        task.imbalance,
        float(task.train_rows or math.nan),
    )
