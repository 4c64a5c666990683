"""The claims of KMCL, "End-to-End Supervised Multilabel Contrastive Learning" (Sajedi et al., 2023)."""

from __future__ import annotations

import numpy as np
from scipy.stats import spearmanr

from mlbench.registry import CLAIMS
from mlbench.report.analysis import Analysis
from mlbench.report.claims.base import LEAST_FAMILIES, Outcome, Verdict, compare, contest, of_kind

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
    blocks = compare(analysis, "map", "own", ahead, behind)
    if isinstance(blocks, str):
        return Outcome(Verdict.CANNOT_TELL, (blocks,))
    scores = blocks.scores
    sides = [
        [blocks.losses.index(loss) for loss in group if loss in blocks.losses] for group in (ahead, behind)
    ]
    gain = scores[:, sides[0]].mean(1) - scores[:, sides[1]].mean(1)
    cardinality = blocks.average_families(
        np.array([grid.tasks[grid.task_names.index(task)].cardinality for task in blocks.tasks])
    )
    known = ~np.isnan(cardinality)
    if known.sum() < LEAST_FAMILIES or len(set(cardinality[known])) < 3:
        return Outcome(
            Verdict.CANNOT_TELL,
            (
                f"{int(known.sum())} families whose labels a sample are known; at least {LEAST_FAMILIES} are needed.",
            ),
        )
    rho, p = spearmanr(cardinality[known], gain[known])
    verdict = Verdict.CANNOT_TELL if p / 2 > ALPHA else Verdict.HOLDS if rho > 0 else Verdict.FAILS
    line = (
        f"own logits, mAP: Spearman's correlation of gain and labels a sample over {int(known.sum())} families is "
        f"{rho:.2f} (one-sided p = {p / 2:.3f})."
    )
    return Outcome(verdict, (line,))
