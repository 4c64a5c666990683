"""The score over the number of trials."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import MaxNLocator

from mlbench.report.data.arrays import Floats
from mlbench.report.figures.layout import grey_lines, one_panel
from mlbench.report.figures.style import HIGHLIGHTED, Drawing, FigureSubject, LineStyles


def budget_curves(
    subject: FigureSubject, styles: LineStyles, leaders: Sequence[str], expected: Floats
) -> Drawing | None:
    """What to expect of each loss [losses of `styles`, trials]; the first of `leaders` in colour, the others grey."""
    losses = list(styles)
    there = [loss for loss in leaders if not np.isnan(expected[losses.index(loss)]).all()]
    if not there or expected.shape[1] < 2:
        return None
    figure, axes = one_panel(5.6, 3.0, left=0.75, bottom=0.5, right=1.7)
    trials = np.arange(1, expected.shape[1] + 1)
    for loss in there[:HIGHLIGHTED]:
        style, values = styles[loss], expected[losses.index(loss)]
        axes.plot(trials, values, color=style.colour, linestyle=style.dash, marker=style.marker,
                  markevery=max(1, len(trials) // 12), label=style.label, zorder=3)  # fmt: skip
    others = there[HIGHLIGHTED:]
    grey_lines(axes, trials.astype(float), expected[[losses.index(loss) for loss in others]],
               [styles[loss].label for loss in others])  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.set_xlabel("trials of each loss")
    axes.set_ylabel(f"{subject.metric}, mean over families")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return Drawing(
        key=f"tuning-{subject.suffix}",
        title=f"Expected {subject.metric} over the number of trials, on the trials' own seeds, {subject.where}",
        words=f"Expected test {subject.metric} of the trial that validation chooses, on the seeds of the trials, over "
        "their number; the first has the suite's own values.",
        figure=figure,
    )
