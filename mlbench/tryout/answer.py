"""What a try came to."""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlbench.report.one_dataset.verdict import Verdict
from mlbench.report.one_dataset.words import how_sure, in_words
from mlbench.tryout.winner import NO_MODEL, ExportedModel

SLIGHT = 10.0
"""Seconds over the budget that are not worth a sentence."""


@dataclass(frozen=True)
class Answer:
    """What a try came to: the verdict, the suite it ran, its results, the page, what was cut to the budget, by how many
    seconds that was exceeded all the same, and the model of the loss to take."""

    verdict: Verdict
    suite: Path
    results: Path
    page: Path
    cut: tuple[str, ...] = ()
    over: float = 0.0
    model: ExportedModel = NO_MODEL

    @property
    def take(self) -> str:
        """The loss to take."""
        return self.verdict.take

    def __str__(self) -> str:
        cut = [f"Cut to the budget: {'; '.join(self.cut)}. A longer --budget trains all."] if self.cut else []
        over = [f"The budget was exceeded by {self.over:.0f} s."] if self.over > SLIGHT else []
        return "\n".join([*in_words(self.verdict), how_sure(self.verdict), *cut, *over])

    @property
    def where(self) -> str:
        """Where its parts are, the model and what to do with it last."""
        lines = [f"page: {self.page}", f"suite: {self.suite}"]
        lines += [f"model: {self.model.folder} ({self.model.said})"] * (self.model.folder is not None)
        lines += [self.model.said] * (self.model.folder is None and self.model.said != "")
        if self.model.folder is not None:
            folder = shlex.quote(str(self.model.folder))
            lines.append(f"next: mlbench predict {folder} new.csv -o predictions.parquet")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: the verdict's numbers beside its words."""
        found = self.verdict
        model = None if self.model.folder is None else str(self.model.folder)
        places = {
            "page": str(self.page),
            "suite": str(self.suite),
            "results": str(self.results),
            "model": model,
        }
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
            "seconds_over": round(self.over, 1),
            "failed": dict(found.failed),
            "test_rows": found.rows,
            "seeds": found.seeds,
            "words": str(self),
            **places,
        }
