"""What is kept of a finished cell beside its record: its scores, its model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlbench.records.scores import PRECISIONS, enough
from mlbench.records.store import Store


@dataclass(frozen=True)
class Keep:
    """What a suite asks for. scores: "float32", "float16" or "none"."""

    scores: str = "float32"
    model: bool = False

    @property
    def much(self) -> tuple[int, bool]:
        """Greater for what keeps more."""
        return PRECISIONS.index(self.scores), self.model

    def __or__(self, other: Keep) -> Keep:
        """All that either asks for."""
        scores = max(self.scores, other.scores, key=PRECISIONS.index)
        return Keep(scores, self.model or other.model)

    def has_all(self, store: Store, identifier: str) -> bool:
        """Whether a store kept as much of a cell."""
        return enough(store.scores_file(identifier), self.scores) and self.has_model(store, identifier)

    def has_model(self, store: Store, identifier: str) -> bool:
        """Whether a store kept a cell's model, where one is asked for."""
        return not self.model or store.model_file(identifier).is_file()

    def describe(self) -> dict[str, Any]:
        """As plain values."""
        return {"scores": self.scores, "model": self.model}
