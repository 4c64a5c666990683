"""Learning curves: a metric over the fractions of the training data, a panel for each task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from mlbench.report.figures.style import (
    HIGHLIGHTED,
    MUTED,
    Drawing,
    Look,
    Looks,
    Subject,
    legend_below,
    panels,
    short,
)
from mlbench.report.grid import Floats


@dataclass(frozen=True)
class CurvePanel:
    """One task: means and half interval widths [losses, fractions], floor and ceiling (NaN: not known)."""

    task: str
    mean: Floats
    half: Floats
    floor: float
    ceiling: float


def learning_curves(
    subject: Subject,
    look: Looks,
    leaders: Sequence[str],
    fractions: Sequence[float | int],
    tasks: Sequence[CurvePanel],
) -> Drawing | None:
    """Means over seeds with intervals; the first of `leaders` in colour, the others grey."""
    if len(fractions) < 2 or not tasks:
        return None
    losses, coloured = list(look), leaders[:HIGHLIGHTED]
    figure, axes = panels(len(tasks), [*coloured, "floor", "ceiling"])
    x = _positions(fractions)
    for panel, task in zip(axes, tasks, strict=True):
        for loss, mean in zip(losses, task.mean, strict=True):
            if loss not in coloured:
                panel.plot(x, mean, color=MUTED, alpha=0.35, linewidth=0.8, zorder=2)
        for loss in coloured:
            place = losses.index(loss)
            _curve(panel, x, task.mean[place], task.half[place], look[loss], loss)
        _frame(panel, task)
        panel.set_title(short(task.task, 28))
        panel.set_xscale("log")
        panel.set_xticks(x, [f"{f * 100:g}%" if f <= 1 else f"{f:g}" for f in fractions])
        panel.xaxis.set_minor_locator(NullLocator())
    for panel in axes[::4]:
        panel.set_ylabel(subject.metric)
    legend_below(figure, axes)
    return Drawing(
        key=f"curves-{subject.suffix}",
        title=f"Learning curves, {subject.metric}, {subject.where}",
        words=f"{subject.metric} over fractions of the training data, a panel for each of {len(tasks)} datasets; "
        "the numbers are in the tables.",
        figure=figure,
    )


def _curve(axes: Axes, x: Floats, mean: Floats, half: Floats, look: Look, name: str) -> None:
    axes.plot(x, mean, color=look.colour, linestyle=look.dash, marker=look.marker, label=name, zorder=3)
    axes.fill_between(x, mean - half, mean + half, color=look.colour, alpha=0.1, linewidth=0)


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
    """Fractions on a log scale; where absolute counts stand beside them, each at a place of its own."""
    if all(fraction <= 1 for fraction in fractions) or all(fraction > 1 for fraction in fractions):
        return np.array(fractions, dtype=float)
    return np.arange(1, len(fractions) + 1, dtype=float)
