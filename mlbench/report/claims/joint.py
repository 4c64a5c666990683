"""The claims of KMCL, "End-to-End Supervised Multilabel Contrastive Learning" (Sajedi et al., 2023)."""

from __future__ import annotations

import numpy as np
from scipy.stats import spearmanr

from mlbench.registry import CLAIMS
from mlbench.report.analysis import Analysis
from mlbench.report.arrays import Floats
from mlbench.report.claims.base import (
    LEAST_FAMILIES,
    Outcome,
    Verdict,
    compare,
    contest,
    gains,
    of_kind,
    under_both,
)

register_claim = CLAIMS.register

ALPHA = 0.05


@register_claim("kmcl-beats-asl")
def kmcl_beats_asl(analysis: Analysis) -> Outcome:
    """The joint loss `kmcl` beats `asl` on mAP. | Sajedi et al. 2023, arXiv 2307.03967"""
    grid = analysis.grid
    return contest(analysis, "map", of_kind(grid, ["kmcl"]), of_kind(grid, ["asl"]))


@register_claim("kmcl-gains-with-co-occurrence")
def kmcl_gains_with_co_occurrence(analysis: Analysis) -> Outcome:
    """The gain of `kmcl` over `asl` on mAP grows with how many labels a sample has. | Sajedi et al. 2023, arXiv 2307.03967"""  # noqa: E501
    grid = analysis.grid
    ahead, behind = of_kind(grid, ["kmcl"]), of_kind(grid, ["asl"])

    def test(reading: str) -> tuple[Verdict, str]:
        blocks = compare(analysis, "map", reading, ahead, behind)
        if isinstance(blocks, str):
            return Verdict.CANNOT_TELL, blocks
        cardinality = blocks.average_families(
            np.array([grid.tasks[grid.task_names.index(task)].cardinality for task in blocks.tasks])
        )
        return correlation(cardinality, gains(blocks, ahead, behind))

    return under_both(test)


def correlation(cardinality: Floats, gain: Floats) -> tuple[Verdict, str]:
    """Whether the gain grows with the labels a sample, [families] each; NaN where these are not known."""
    known = ~np.isnan(cardinality)
    families = int(known.sum())
    if families < LEAST_FAMILIES or len(set(cardinality[known])) < 3:
        return Verdict.CANNOT_TELL, (
            f"{families} families whose labels a sample are known; at least {LEAST_FAMILIES} are needed, of "
            "three different numbers."
        )
    if np.ptp(gain[known]) < 1e-12:
        return Verdict.CANNOT_TELL, f"The gain is the same on all {families} families."
    rho, p = spearmanr(cardinality[known], gain[known])
    verdict = Verdict.CANNOT_TELL if p / 2 > ALPHA else Verdict.HOLDS if rho > 0 else Verdict.FAILS
    return verdict, (
        f"mAP: Spearman's correlation of gain and labels a sample over {families} families is {rho:.2f} "
        f"(one-sided p = {p / 2:.3f})."
    )
