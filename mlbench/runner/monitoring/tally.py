"""Where a run stands: counted from the records that appear in the store, this run's and others'."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Best:
    """The best mean average precision on validation so far, and what reached it."""

    value: float
    loss: str
    fraction: float


@dataclass
class Tally:
    """Cells to do in this run, those done, those failed by class; what runs now; the best by dataset."""

    total: int
    done: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    running: list[dict[str, Any]] = field(default_factory=list)
    best: dict[str, Best] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    @property
    def finished(self) -> int:
        return self.done + self.failed.total()

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.began

    @property
    def left(self) -> float | None:
        """Seconds left, if the rest goes like what is finished; None before the first."""
        if not self.finished:
            return None
        return self.elapsed / self.finished * (self.total - self.finished)

    def count(self, record: Mapping[str, Any]) -> None:
        """Add a record that has just appeared."""
        if record["status"] == "failed":
            self.failed[record["error"]["class"]] += 1
            return
        self.done += 1
        value = ((record.get("metrics") or {}).get("validation") or {}).get("map")
        cell = record["cell"]
        earlier = self.best.get(cell["dataset"])
        if value is not None and (earlier is None or value > earlier.value):
            self.best[cell["dataset"]] = Best(value, cell["loss"]["id"], cell["fraction"])


def duration_text(seconds: float) -> str:
    """A duration in two units at most: "0.4 s", "41 s", "12 min", "3 h 20 min", "2 d 4 h"."""
    if seconds < 100:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} d {hours % 24} h"
