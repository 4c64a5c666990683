"""A plugin: a dataset that costs nothing, and one that is nowhere."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlbench.datasets.base import Dataset, Split
from mlbench.datasets.cards import Card
from mlbench.datasets.source import GeneratedSource, NamedSource, Request, register_dataset


@register_dataset("toy")
class Toy(GeneratedSource):
    """A few random vectors with three labels."""

    def __init__(self, variant: int = 0, rows: int = 40) -> None:
        self.variant, self.rows = variant, rows

    def card(self) -> Card:
        return Card("toy", "features", labels=3)

    def parameters(self) -> dict[str, Any]:
        return {"variant": self.variant, "rows": self.rows}

    def read(self, request: Request) -> Dataset:
        generator = np.random.default_rng(self.variant)

        def split() -> Split:
            inputs = generator.standard_normal((self.rows, 4)).astype(np.float32)
            targets = (inputs[:, :3] > 0).astype(np.uint8)
            return Split(inputs, targets, [str(row) for row in range(self.rows)])

        return Dataset(request.name, "features", ("a", "b", "c"), split(), split(), split(), self.card())


@register_dataset("toy_absent")
class Absent(NamedSource):
    """A dataset that nobody has."""

    def card(self) -> Card:
        return Card("toy_absent", "features", labels=3)
