"""How far each loss is from the control, with its interval, beside the region that counts as equal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlbench.report.data.arrays import Floats, Intervals
from mlbench.report.figures.layout import one_panel
from mlbench.report.figures.style import INK, MUTED, RULE, Drawing, FigureSubject, LineStyles
from mlbench.report.wording import count

BENEATH = 0.26
"""How far below its interval the families of a loss stand, in rows."""
FAR = 0.75
"""How far beyond the intervals the axis reaches for a family, in lengths of what holds them all."""


def from_control(
    subject: FigureSubject,
    styles: LineStyles,
    losses: Sequence[str],
    control: str,
    found: Intervals,
    shares: Floats,
    rope: float,
) -> Drawing | None:
    """A row a loss, the best first. None where too few families have an interval.

    found: [losses] mean and 95 % interval over families of the difference from the control, as a share of a family's
    span. shares: [losses, families] the same of each family.
    """
    if not len(losses) or not np.isfinite(found.low).all():
        return None
    order = np.argsort(-found.value, kind="stable")
    figure, axes = one_panel(4.6, 0.3 + 0.24 * len(losses), left=1.7, bottom=0.55)
    rows = np.arange(len(losses))[::-1]
    axes.axvspan(-100 * rope, 100 * rope, color=RULE, alpha=0.6, linewidth=0, zorder=1)
    axes.axvline(0, color=MUTED, linewidth=0.9, zorder=2)
    families = shares.shape[1]
    low, high = _limits(found, shares, rope)
    values, beneath = 100 * shares[order].ravel(), np.repeat(rows - BENEATH, families)
    for marker, there, edge in (
        (".", (values >= low) & (values <= high), values),
        ("<", values < low, np.full_like(values, low)),
        (">", values > high, np.full_like(values, high)),
    ):
        axes.scatter(
            edge[there], beneath[there], s=20, marker=marker, color=MUTED, alpha=0.75, linewidths=0, zorder=3
        )
    for row, place in zip(rows, order, strict=True):
        style = styles[losses[place]]
        ends = [100 * found.low[place], 100 * found.high[place]]
        axes.plot(ends, [row, row], color=style.colour, linewidth=2.2, solid_capstyle="round", zorder=3)
        axes.plot(
            [100 * found.value[place]], [row], marker=style.marker, color=style.colour, markersize=6, zorder=4
        )
    axes.set_yticks(rows, [styles[losses[place]].label for place in order])
    axes.tick_params(axis="y", labelcolor=INK, length=0)
    axes.grid(visible=False, axis="y")
    axes.set_ylim(-0.7, len(losses) - 0.3)
    margin = 0.03 * (high - low)
    axes.set_xlim(low - margin, high + margin)
    axes.set_xlabel(f"{subject.metric}: difference from {control} in % of a family's span (positive: better)")
    return Drawing(
        key=f"from-control-{subject.suffix}",
        title=f"Difference from {control}, {subject.metric}, {subject.where}: mean over "
        f"{count(families, 'family', 'families')} and its 95 % interval; dots are families, an arrow one beyond the "
        f"axis, grey is the region that counts as equal (±{100 * rope:g} %)",
        words=f"How far the {subject.metric} of each loss is from that of {control}, as a share of the span from floor "
        "to best, with its interval over families.",
        figure=figure,
    )


def _limits(found: Intervals, shares: Floats, rope: float) -> tuple[float, float]:
    """What holds every interval, the region, and the families but for those that lie far out."""
    low, high = 100 * min(found.low.min(), -2 * rope), 100 * max(found.high.max(), 2 * rope)
    room = FAR * (high - low)
    return (
        max(low - room, min(low, 100 * float(shares.min()))),
        min(high + room, max(high, 100 * float(shares.max()))),
    )
