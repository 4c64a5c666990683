"""How a run ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from mlbench.runner.monitoring.tally import Tally, duration_text
from mlbench.runner.planning.plan import Plan


@dataclass(frozen=True)
class RunSummary:
    """Cells by state, over everything that the suites and the selection name."""

    done: int
    failed: int
    missing: int
    not_fetched: int
    trained: int
    """Finished cells whose records appeared while it ran."""
    seconds: float
    """How long it ran."""
    reason: str = ""
    """Why it stopped before the end, if it did."""
    signal: int = 0
    """The number of the signal that stopped it, or 0."""
    checkpointed: int = 0
    """Missing cells that stand at a checkpoint."""

    @property
    def exit_code(self) -> int:
        """0 all done; 1 some failed, are not fetched or were given up; 128 + the signal that left cells
        undone."""
        if self.signal and self.missing:
            return 128 + self.signal
        return 1 if self.failed or self.missing or self.not_fetched or self.reason else 0

    def end_if_signalled(self) -> None:
        """Raises SystemExit where a signal stopped the run: whoever called it is to end as well."""
        if self.signal:
            raise SystemExit(128 + self.signal)

    def describe(self) -> dict[str, Any]:
        return {**asdict(self), "exit_code": self.exit_code}

    def __str__(self) -> str:
        counts = {
            "done": self.done,
            "failed": self.failed,
            "missing": self.missing,
            "not fetched": self.not_fetched,
        }
        states = ", ".join(f"{count} {state}" for state, count in counts.items() if count) or "no cells"
        did = (
            f"{self.trained} trained in {duration_text(self.seconds)}" if self.trained else "nothing trained"
        )
        stopped = f"\nstopped early: {self.reason}" if self.reason else ""
        begun = (
            f"\n{self.checkpointed} of the missing stand at a checkpoint; the same command goes on there"
            if self.checkpointed
            else ""
        )
        return f"{states}; {did}{stopped}{begun}"


def sum_up(
    planned: Plan, tally: Tally | None = None, reason: str = "", number: int = 0, checkpointed: int = 0
) -> RunSummary:
    """Count every cell of a plan, once more by the heads of the records where something was run."""
    stores = planned.stores if tally else []
    heads = {store: {head["id"]: head for head in store.heads()} for store in stores}
    states: Counter[str] = Counter()
    for cell in planned.cells:
        head = heads.get(cell.store, {}).get(cell.id)
        states[head["status"] if head is not None else cell.state] += 1
    return RunSummary(
        done=states["done"],
        failed=states["failed"],
        missing=states["missing"],
        not_fetched=states["not fetched"],
        trained=tally.done if tally else 0,
        seconds=tally.elapsed if tally else 0.0,
        reason=reason,
        signal=number,
        checkpointed=checkpointed,
    )
