"""The claims of KMCL, "End-to-End Supervised Multilabel Contrastive Learning" (Sajedi et al., 2023).

It trains the encoder with the loss and reads the loss's own logits; where the encoder stays as it is, its claims
cannot be tested.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mlbench.registry import CLAIMS
from mlbench.report.analysis import Analysis
from mlbench.report.claims.base import ClaimOutcome, ClaimVerdict
from mlbench.report.claims.contest import Statement, checked_contrast, contest, under_readings
from mlbench.report.claims.contrast import contrast, largest
from mlbench.report.claims.correlation import correlation
from mlbench.report.claims.sides import end_to_end, of_kind
from mlbench.report.data.grid import Grid

register_claim = CLAIMS.register


@register_claim("kmcl-beats-asl")
def kmcl_beats_asl(analysis: Analysis) -> ClaimOutcome:
    """The joint loss `kmcl` beats `asl` on mAP. | Sajedi et al. 2023, arXiv 2307.03967"""
    ahead, behind = _kmcl(analysis.grid), of_kind(analysis.grid, ["asl"])
    found = contest(analysis, "map", ahead, behind, keep=end_to_end)
    alone = of_kind(analysis.grid, ["kmcl"], rec_weight=0.0, con_weight=0.0)
    if not ahead or not alone:
        return found
    own = contrast(analysis, "map", "own", ahead, alone, end_to_end)
    said = own if isinstance(own, str) else own.sentence(ahead, alone, largest(analysis))
    return replace(found, evidence=(*found.evidence, f"Against its own head and ASL term alone: {said}"))


@register_claim("kmcl-gains-with-co-occurrence")
def kmcl_gains_with_co_occurrence(analysis: Analysis) -> ClaimOutcome:
    """The gain of `kmcl` over `asl` on mAP grows with how many labels a sample has. | Sajedi et al. 2023, arXiv 2307.03967"""  # noqa: E501
    grid = analysis.grid
    ahead, behind = _kmcl(grid), of_kind(grid, ["asl"])

    def test(key: str, reading: str) -> Statement:
        tested = checked_contrast(analysis, key, reading, ahead, behind, end_to_end)
        if isinstance(tested, Statement):
            return tested
        found, said = tested
        cardinality = found.blocks.average_families(
            np.array([grid.tasks[grid.task_names.index(task)].cardinality for task in found.blocks.tasks])
        )
        verdict, text = correlation(cardinality[found.region.wide], found.shares)
        if verdict is ClaimVerdict.NOT_TESTABLE:
            return Statement(verdict, said, text)
        if found.judged.no_better:
            return Statement(ClaimVerdict.PREMISE_ABSENT, f"There is no gain that could grow. {said}")
        return Statement(verdict, f"{text} {said}")

    return under_readings(analysis, test, "map", [*ahead, *behind])


def _kmcl(grid: Grid) -> list[str]:
    """With its two terms beside ASL: without them it is ASL under another head."""
    of_name = of_kind(grid, ["kmcl"])
    alone = of_kind(grid, ["kmcl"], rec_weight=0.0, con_weight=0.0)
    return [loss for loss in of_name if loss not in alone]
