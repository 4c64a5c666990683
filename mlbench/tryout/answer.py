"""What a try came to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlbench.report.one_dataset.verdict import Verdict
from mlbench.report.one_dataset.words import how_sure, in_words


@dataclass(frozen=True)
class Answer:
    """What a try came to: the verdict, the suite it ran, its results, the page, and what was cut to the budget."""

    verdict: Verdict
    suite: Path
    results: Path
    page: Path
    cut: tuple[str, ...] = ()

    @property
    def take(self) -> str:
        """The loss to take."""
        return self.verdict.take

    def __str__(self) -> str:
        cut = [f"Cut to the budget: {'; '.join(self.cut)}. A longer --budget trains all."] if self.cut else []
        return "\n".join([*in_words(self.verdict), how_sure(self.verdict), *cut])

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: the verdict's numbers beside its words."""
        found = self.verdict
        places = {"page": str(self.page), "suite": str(self.suite), "results": str(self.results)}
        return {
            "dataset": found.dataset,
            "metric": found.measure.key,
            "take": found.take,
            "losses": [
                {
                    "loss": each.loss,
                    "mean": each.mean,
                    "relation": each.relation,
                    "difference": [
                        None if math.isnan(end) else end
                        for end in (each.difference.mean, each.difference.low, each.difference.high)
                    ],
                }
                for each in found.standings
            ],
            "cut": list(self.cut),
            "failed": dict(found.failed),
            "test_rows": found.rows,
            "seeds": found.seeds,
            "words": str(self),
            **places,
        }
