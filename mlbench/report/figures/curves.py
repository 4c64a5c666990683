"""Learning curves: a metric over the fractions of the training data, a panel for each task."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator
from scipy.stats import t

from mlbench.report.figures.style import MUTED, Drawing, Look, plain, short, small_multiples
from mlbench.report.grid import Floats, Grid, nanmean, nanstd
from mlbench.report.measures import Measure
from mlbench.report.tables.scores import READING_WORDS, file_name

HIGHLIGHTED = 7
"""So many losses are drawn in colour; of more the rest is grey."""


def learning_curves(
    grid: Grid, reading: str, measure: Measure, look: dict[str, Look], leaders: Sequence[str]
) -> Drawing | None:
    """Means over seeds with 95 % intervals (t); `leaders` are drawn in colour. None for a single fraction."""
    if len(grid.fractions) < 2:
        return None
    scores = grid.scores(reading, measure.key)
    mean, deviation = nanmean(scores, 3), nanstd(scores, 3)
    half = _half_width(deviation, (~np.isnan(scores)).sum(3))
    floor, ceiling = nanmean(grid.floor(measure.key), 2), grid.ceiling(measure.key)
    shown = [task for task in range(len(grid.tasks)) if not np.isnan(mean[:, task]).all()]
    if not shown:
        return None
    figure, panels = small_multiples(len(shown))
    coloured = list(leaders)[:HIGHLIGHTED]
    for axes, task in zip(panels, shown, strict=True):
        for index, loss in enumerate(grid.losses):
            if loss not in coloured:
                axes.plot(_x(grid), mean[index, task], color=MUTED, alpha=0.35, linewidth=0.8, zorder=2)
        for loss in coloured:
            index = grid.losses.index(loss)
            _curve(axes, _x(grid), mean[index, task], half[index, task], look[loss], loss)
        _frame(axes, mean[:, task], float(nanmean(floor[task], 0)), float(ceiling[task]))
        axes.set_title(plain(short(grid.tasks[task].name, 30)))
        _fraction_axis(axes, grid)
    handles = {
        text: handle
        for axes in panels
        for handle, text in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        list(handles.values()),
        [plain(short(name)) for name in handles],
        loc="outside lower left",
        ncols=min(len(handles), 9 if len(panels) > 2 else 4),
    )
    for axes in panels[::4]:
        axes.set_ylabel(plain(measure.title))
    return Drawing(
        key=f"curves-{file_name(measure.key)}-{reading}",
        title=f"Learning curves, {measure.title}, {READING_WORDS[reading]}",
        words=f"{measure.title} over fractions of the training data, a panel for each of {len(shown)} "
        "datasets; the numbers are in the tables.",
        figure=figure,
    )


def _curve(axes: Axes, x: Floats, mean: Floats, half: Floats, look: Look, name: str) -> None:
    axes.plot(x, mean, color=look.colour, linestyle=look.dash, marker=look.marker, label=name, zorder=3)
    axes.fill_between(x, mean - half, mean + half, color=look.colour, alpha=0.1, linewidth=0)


def _frame(axes: Axes, means: Floats, floor: float, ceiling: float) -> None:
    """Limits that show the losses; floor and ceiling as lines where they fit, as words where they do not."""
    low, high = float(np.nanmin(means)), float(np.nanmax(means))
    margin = max(0.45 * (high - low), 0.01)
    axes.set_ylim(low - margin, high + margin)
    for name, value, dash, down in (
        ("floor", floor, (0, (1, 2)), True),
        ("ceiling", ceiling, (0, (5, 3)), False),
    ):
        if np.isnan(value):
            continue
        if low - margin <= value <= high + margin:
            axes.axhline(value, color=MUTED, linestyle=dash, linewidth=1, label=name)
        else:
            arrow, y = ("↓", 0.03) if down else ("↑", 0.97)
            axes.text(
                0.98, y, f"{arrow} {name} {value:.3f}", transform=axes.transAxes, ha="right",
                va="bottom" if down else "top", fontsize=7, color=MUTED,
            )  # fmt: skip


def _x(grid: Grid) -> Floats:
    """Fractions on a log scale; where absolute counts stand beside them, each at a place of its own."""
    if all(fraction <= 1 for fraction in grid.fractions) or all(fraction > 1 for fraction in grid.fractions):
        return np.array(grid.fractions, dtype=float)
    return np.arange(1, len(grid.fractions) + 1, dtype=float)


def _fraction_axis(axes: Axes, grid: Grid) -> None:
    x = _x(grid)
    axes.set_xscale("log")
    axes.set_xticks(x, [f"{f * 100:g}%" if f <= 1 else f"{f:g}" for f in grid.fractions])
    axes.xaxis.set_minor_locator(NullLocator())


def _half_width(deviation: Floats, count: npt.NDArray[np.int64]) -> Floats:
    """Half of the 95 % interval of a mean by Student's t; of two seeds their range, of one nothing."""
    interval = t.ppf(0.975, np.maximum(count - 1, 1)) * deviation / np.sqrt(np.maximum(count, 1))
    return np.where(count > 2, interval, np.where(count == 2, deviation / np.sqrt(2), 0.0))
