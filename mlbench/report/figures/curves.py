"""Learning curves: a metric over the fractions of the training data, a panel for each task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from mlbench.report.data.arrays import Floats
from mlbench.report.figures.layout import bands, grey_lines, legend_below, name_panels, named_grey, panels
from mlbench.report.figures.style import BANDS, HIGHLIGHTED, MUTED, Drawing, FigureSubject, LineStyles


@dataclass(frozen=True)
class CurvePanel:
    """The curves of one task."""

    task: str
    mean: Floats
    """[losses, fractions]: over seeds."""
    half: Floats
    """[losses, fractions]: half the width of the interval."""
    floor: float
    """NaN where not known."""
    ceiling: float
    """NaN where not known."""


def learning_curves(
    subject: FigureSubject,
    styles: LineStyles,
    leaders: Sequence[str],
    fractions: Sequence[float | int],
    tasks: Sequence[CurvePanel],
) -> Drawing | None:
    """Means over seeds; the first of `leaders` in colour, the very first with intervals, the others grey."""
    if len(fractions) < 2 or not tasks:
        return None
    losses, coloured = list(styles), leaders[:HIGHLIGHTED]
    bright = [losses.index(loss) for loss in coloured]
    grey = [place for place in range(len(losses)) if place not in bright]
    others = [styles[losses[place]].label for place in grey]
    named = [*(styles[loss].label for loss in coloured), *([named_grey(others)] if others else ())]
    figure, axes = panels(len(tasks), [*named, "floor", "ceiling"])
    x = _positions(fractions)
    for panel, task in zip(axes, tasks, strict=True):
        banded = bright[:BANDS]
        bands(panel, x, (task.mean - task.half)[banded], (task.mean + task.half)[banded],
              [styles[loss].colour for loss in coloured[:BANDS]])  # fmt: skip
        for loss, place in zip(coloured, bright, strict=True):
            style = styles[loss]
            panel.plot(x, task.mean[place], color=style.colour, linestyle=style.dash, marker=style.marker,
                       label=style.label, zorder=3)  # fmt: skip
        grey_lines(panel, x, task.mean[grey], others)
        _frame(panel, task)
        panel.set_xticks(x, [f"{f * 100:g}%" if f <= 1 else f"{f:g}" for f in fractions])
        panel.yaxis.set_major_locator(MaxNLocator(4))
    name_panels(axes, [task.task for task in tasks])
    for panel in axes[::4]:
        panel.set_ylabel(subject.metric)
    legend_below(figure, axes)
    known = any(np.isfinite(task.half[bright[:BANDS]]).any() for task in tasks)
    banding = f", with 95 % intervals of the first {BANDS}" if known else ""
    return Drawing(
        key=f"curves-{subject.suffix}",
        title=f"Learning curves, {subject.metric}, {subject.where}{banding}",
        words=f"{subject.metric} over fractions of the training data, a panel for each dataset, {len(tasks)} in all; "
        "the numbers are in the tables.",
        figure=figure,
    )


def _frame(axes: Axes, task: CurvePanel) -> None:
    """Limits that show the losses; floor and ceiling as lines where they fit, as words where they do not."""
    low, high = float(np.nanmin(task.mean)), float(np.nanmax(task.mean))
    margin = max(0.45 * (high - low), 0.01)
    axes.set_ylim(low - margin, high + margin)
    for name, value, dash in (("floor", task.floor, (0, (1, 2))), ("ceiling", task.ceiling, (0, (5, 3)))):
        if np.isnan(value):
            continue
        if low - margin <= value <= high + margin:
            axes.axhline(value, color=MUTED, linestyle=dash, linewidth=1, label=name)
        else:
            down = value < low
            arrow, y, edge = ("↓", 0.03, "bottom") if down else ("↑", 0.97, "top")
            note = f"{arrow} {name} {value:.3f}"
            axes.text(0.98, y, note, transform=axes.transAxes, ha="right", va=edge, fontsize=7, color=MUTED)


def _positions(fractions: Sequence[float | int]) -> Floats:
    """Fractions by their logarithm; where absolute counts stand beside them, at equal distances."""
    if all(fraction <= 1 for fraction in fractions) or all(fraction > 1 for fraction in fractions):
        logarithms: Floats = np.log10(np.array(fractions, dtype=float))
        return logarithms
    return np.arange(len(fractions), dtype=float)
