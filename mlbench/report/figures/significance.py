"""The critical-difference diagram, and performance profiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlbench.report.data.arrays import Floats, Intervals
from mlbench.report.figures.layout import bands, grey_lines, one_panel
from mlbench.report.figures.style import BANDS, HIGHLIGHTED, INK, MUTED, Drawing, FigureSubject, LineStyles
from mlbench.report.wording import count


def critical_differences(
    subject: FigureSubject,
    styles: LineStyles,
    losses: Sequence[str],
    ranks: Floats,
    p: Floats,
    distance: float,
    blocks: int,
) -> Drawing:
    """Average ranks on a line; a bar joins losses that are not significantly different by Nemenyi's test."""
    import pandas as pd
    from scikit_posthocs import critical_difference_diagram

    rows = -(-len(losses) // 2)
    figure, axes = one_panel(4.4, 0.55 + 0.24 * rows, left=1.7, bottom=0.1, right=1.7)
    names = [styles[loss].label for loss in losses]
    drawn = critical_difference_diagram(
        pd.Series(ranks, index=names),
        pd.DataFrame(p, index=names, columns=names),
        ax=axes,
        label_fmt_left="{label}  {rank:.2f}\N{NO-BREAK SPACE}",
        label_fmt_right="\N{NO-BREAK SPACE}{rank:.2f}  {label}",
        label_props={"fontsize": 8.5},
        marker_props={"s": 14},
        elbow_props={"linewidth": 0.9},
        crossbar_props={"linewidth": 3, "color": MUTED},
        color_palette={name: styles[loss].colour for name, loss in zip(names, losses, strict=True)},
    )
    for label in drawn["labels"]:
        label.set_color(INK)
    for (bar,) in drawn["crossbars"]:
        # A bar goes through a set of names, whose order is another in every process.
        bar.set_xdata(np.sort(bar.get_xdata()))
    axes.grid(False)
    return Drawing(
        key=f"differences-{subject.suffix}",
        title=f"Critical differences, {subject.metric}, {subject.where}: N = {count(blocks, 'family', 'families')}, "
        f"critical difference {distance:.2f} (Nemenyi, 5 %); a bar joins losses that are not significantly different",
        words=f"Average ranks by {subject.metric} over {count(blocks, 'family', 'families')}; ranks closer than "
        f"{distance:.2f} are not significantly different.",
        figure=figure,
    )


def profiles(
    subject: FigureSubject,
    styles: LineStyles,
    leaders: Sequence[str],
    losses: Sequence[str],
    thresholds: Floats,
    shares: Intervals,
) -> Drawing | None:
    """[losses, thresholds]: the share of runs above each normalised score; the first with their intervals."""
    if len(losses) < 2:
        return None
    figure, axes = one_panel(5.6, 2.8, left=0.7, bottom=0.5, right=1.7)
    coloured = leaders[:HIGHLIGHTED]
    moving = np.flatnonzero((shares.value.max(0) > 1e-9) & (shares.value.min(0) < 1 - 1e-9))
    shown = slice(moving[0], moving[-1] + 2) if len(moving) else slice(None)
    x = thresholds[shown]
    bright = [losses.index(loss) for loss in coloured]
    first = bright[:BANDS]
    bands(axes, x, shares.low[first][:, shown], shares.high[first][:, shown],
          [styles[loss].colour for loss in coloured[:BANDS]])  # fmt: skip
    for loss, row in zip(coloured, bright, strict=True):
        style = styles[loss]
        axes.plot(
            x, shares.value[row][shown], color=style.colour, linestyle=style.dash, label=style.label, zorder=3
        )
    others = [styles[loss].label for loss in losses if loss not in coloured]
    grey_lines(axes, x, np.delete(shares.value, bright, axis=0)[:, shown], others)
    axes.set_xlim(x[0], x[-1])
    axes.set_xlabel("normalised score (0 is the floor, 1 the best loss of the dataset)")
    axes.set_ylabel("share of runs above it")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return Drawing(
        key=f"profiles-{subject.suffix}",
        title=f"Performance profiles, {subject.metric}, {subject.where}, with 95 % intervals of the first {BANDS}",
        words=f"Share of runs whose normalised {subject.metric} exceeds a threshold, a curve for each loss; bands "
        f"are 95 % intervals over families and seeds of the first {BANDS}.",
        figure=figure,
    )
