"""What the tests over families say, and what so few families could have found."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mlbench.report.analysis import Analysis, View
from mlbench.report.statistics import Blocks, Friedman, Ranking, Region
from mlbench.report.statistics.best import LEAST_FAMILIES
from mlbench.report.statistics.frequentist import ALPHA
from mlbench.report.statistics.power import MOST_FAMILIES, effect_found, families_needed
from mlbench.report.wording import count, listed


def evidence(analysis: Analysis, view: View) -> list[str]:
    """A sentence each; none where there is nothing to compare."""
    blocks, ranking, region = analysis.blocks(view), analysis.ranking(view), analysis.region(view)
    if blocks is None or ranking is None:
        return []
    return [
        *_ruled_out(blocks, ranking, analysis.confidence_set(view)),
        *_over_all(analysis, view, ranking),
        *_power(analysis, view),
        *(region_words(region) if region is not None and blocks.count > 1 else []),
    ]


def _ruled_out(blocks: Blocks, ranking: Ranking, best_set: Sequence[str]) -> list[str]:
    """What the set of the best losses leaves out; nothing of one family, which is no sample of families."""
    out = [ranking.losses[place] for place in ranking.order if ranking.losses[place] not in best_set]
    if blocks.count == 1:
        return []
    if blocks.count < LEAST_FAMILIES:
        return [
            f"Which losses may be the best can be tested over {LEAST_FAMILIES} families or more; here are "
            f"{blocks.count}."
        ]
    if not out:
        return ["No loss can be ruled out as the best (sign flips of families, 95 % confidence)."]
    said = f"With 95 % confidence the best of the {len(ranking.losses)} losses"
    if len(best_set) == 1:
        return [f"{said} is {best_set[0]} (stepwise sign flips of families)."]
    return [
        f"{said} are among {count(len(best_set), 'loss', 'losses')} (stepwise sign flips of families); ruled out: "
        f"{listed(out)}."
    ]


def _over_all(analysis: Analysis, view: View, ranking: Ranking) -> list[str]:
    """Whether the losses differ at all, and from which ones the leader does by Nemenyi's test."""
    found, p = analysis.friedman(view), analysis.nemenyi(view)
    if found is None:
        return []
    if p is None:
        return [f"{friedman_words(found)}: not enough to say that they differ."]
    apart = [ranking.losses[other] for other in ranking.order if p[ranking.order[0], other] <= ALPHA]
    others = listed(apart) if apart else "no other loss"
    return [
        f"{friedman_words(found)}: they differ. By Nemenyi's test of average ranks {ranking.best} is significantly "
        f"different from {others}."
    ]


def _power(analysis: Analysis, view: View) -> list[str]:
    """How many families would find a difference from the control as large as the region, and what those here find."""
    blocks, pairs, region = analysis.blocks(view), analysis.pairs(view), analysis.region(view)
    if blocks is None or region is None or int(region.wide.sum()) < 3:
        return []
    shares = [region.shares(blocks.differences(pair.loss, pair.control)) for pair in pairs]
    spreads = [spread for spread in (float(np.std(share, ddof=1)) for share in shares) if spread > 0]
    if not spreads:
        return []
    spread, level, families = float(np.median(spreads)), ALPHA / len(pairs), blocks.count
    needed, found = families_needed(region.rope / spread, level), effect_found(families, level)
    many = f"{needed:,}" if needed else f"more than {MOST_FAMILIES:,}"
    silent = "none, however large, since Wilcoxon's test over so few cannot pass that level"
    here = silent if found is None else f"one of {100 * found * spread:.1f} %"
    return [
        f"A true difference from {pairs[0].control} of {100 * region.rope:g} % of the span would be found with 80 % "
        f"power over {many} families, at Holm's first level for {count(len(pairs), 'comparison')} and with the median "
        f"spread seen here, {100 * spread:.1f} % of the span; the {families} families here find {here}."
    ]


def region_words(region: Region) -> list[str]:
    """What counts as equal, in shares and in points of the metric; nothing where no span is known."""
    if region.points is None:
        return []
    low, high = (f"{end:.3f}" for end in region.points)
    points = f"{low} points" if low == high else f"{low} to {high} points, by family"
    return [
        f"The region of equivalence is {100 * region.rope:g} % of a family's span from floor to best: {points}."
    ]


def friedman_words(found: Friedman) -> str:
    """`Over all 30 losses Friedman: χ² = 98.23, p = 1.2e-09; Iman–Davenport: F = 5.63, p = 3.1e-13`.

    Where all families agree on the order, F is infinite.
    """
    f = f"F = {found.f:.2f}, p = {found.p_f:.2g}" if math.isfinite(found.f) else "F = ∞, p = 0"
    return f"Over all {found.losses} losses Friedman: χ² = {found.chi2:.2f}, p = {found.p:.2g}; Iman–Davenport: {f}"


def no_diagram(analysis: Analysis, view: View) -> str:
    """Why there is no critical-difference diagram; empty where there is one, or nothing to compare."""
    blocks, found = analysis.blocks(view), analysis.friedman(view)
    if blocks is None or analysis.nemenyi(view) is not None:
        return ""
    if len(blocks.losses) < 3:
        return "A critical-difference diagram needs three losses."
    if found is None:
        few = blocks.count < 2
        return f"No critical-difference diagram: {'there is one family' if few else 'all losses are level'}."
    return f"No critical-difference diagram: Friedman's test does not say that the losses differ (p = {found.p:.2g})."
