"""The leaderboard of one view: average ranks with their intervals, drawn as bars."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan

from mlbench.report.analysis import Analysis, View
from mlbench.report.data.arrays import mean_of
from mlbench.report.figures.style import LineStyle
from mlbench.report.statistics import Blocks
from mlbench.report.statistics.best import LEAST_FAMILIES
from mlbench.report.statistics.leverage import Leverage
from mlbench.report.statistics.ranks import first_on
from mlbench.report.statistics.within import Difference
from mlbench.report.tables.model import format_number, signed


@dataclass(frozen=True)
class BoardRow:
    """One loss; positions are in percent of the way from rank 1 to the last."""

    loss: str
    colour: str
    rank: str
    interval: str
    low_at: float
    high_at: float
    at: float
    mean: str
    control: str
    difference: str
    without: str
    first: str
    best: str


def board(analysis: Analysis, view: View, styles: dict[str, LineStyle]) -> list[BoardRow]:
    """Rows best first; empty where nothing can be ranked."""
    blocks, ranking = analysis.blocks(view), analysis.ranking(view)
    if blocks is None or ranking is None:
        return []
    span = max(len(ranking.losses) - 1, 1)
    means = mean_of(blocks.scores, 0) * blocks.measure.sign
    pairs = {pair.loss: pair for pair in analysis.pairs(view)}
    control = blocks.control() or ""
    best_set = analysis.confidence_set(view) if blocks.count == 1 or blocks.count >= LEAST_FAMILIES else ()
    rows = []
    for index in ranking.order:
        loss = ranking.losses[index]
        pair = pairs.get(loss)
        rows.append(
            BoardRow(
                loss=loss,
                colour=styles[loss].colour,
                rank=f"{ranking.ranks[index]:.2f}",
                interval=f"{ranking.low[index]:.1f} to {ranking.high[index]:.1f}" if blocks.count > 1 else "",
                low_at=round(100 * (ranking.low[index] - 1) / span, 1),
                high_at=round(100 * (ranking.high[index] - 1) / span, 1),
                at=round(100 * (ranking.ranks[index] - 1) / span, 1),
                mean=format_number(float(means[index])),
                control=control,
                difference=""
                if not control
                else "control"
                if pair is None
                else signed(pair.differences.mean),
                without=""
                if pair is None
                else _beside(pair.differences, analysis.on_one_family(view, loss, control)),
                first=_first(blocks, loss) if blocks.count > 1 else "",
                best="may be" if loss in best_set else "no" if best_set else "",
            )
        )
    return rows


def _first(blocks: Blocks, loss: str) -> str:
    """`3 of 7`, with the number of families on which others are first too where there are any."""
    alone, shared = first_on(blocks, loss)
    return f"{alone + shared} of {blocks.count}{f' ({shared} shared)' if shared else ''}"


def _beside(found: Leverage, alone: Difference | None) -> str:
    """`median +0.004; +0.002 to +0.021 without one`; of one family the 95 % interval where there is one."""
    if alone is not None:
        return "" if isnan(alone.low) else f"{signed(alone.low)} to {signed(alone.high)}"
    return f"median {signed(found.median)}; {signed(found.low)} to {signed(found.high)} without one"
