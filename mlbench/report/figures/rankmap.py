"""The rank heat map: losses × tasks, best on top, the rank written in every field."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from mlbench.report.figures.style import INK, MUTED, Drawing, new_figure, plain, short
from mlbench.report.grid import Grid, show_fraction
from mlbench.report.measures import Measure
from mlbench.report.statistics.ranks import block_ranks
from mlbench.report.tables.scores import READING_WORDS, Summary, file_name

_COLOURS = LinearSegmentedColormap.from_list("ranks", ["#0072b2", "#7fb6d6", "#e8e6df", "#e9b489", "#d55e00"])


def rank_map(grid: Grid, reading: str, measure: Measure, fraction: int, summary: Summary) -> Drawing | None:
    """Ranks by the mean over seeds within each task, of the losses that have a result there."""
    tasks = [int(task) for task in np.flatnonzero(grid.has_fraction(fraction))]
    order = [loss for loss in summary.order if not np.isnan(summary.mean[loss][tasks]).all()]
    if len(order) < 2 or not tasks:
        return None
    means = summary.mean[np.ix_(order, tasks)] * measure.sign
    ranks = np.full(means.shape, np.nan)
    for column in range(len(tasks)):
        there = ~np.isnan(means[:, column])
        ranks[there, column] = block_ranks(means[there, column])
    figure = new_figure(1.6 + 0.62 * len(tasks) + 0.4, 1.15 + 0.3 * len(order))
    axes = figure.subplots()
    axes.imshow(ranks, cmap=_COLOURS, vmin=1, vmax=len(order), aspect="auto")
    for (row, column), rank in np.ndenumerate(ranks):
        known = rank == rank
        extreme = known and abs((rank - 1) / max(len(order) - 1, 1) - 0.5) > 0.4
        colour = MUTED if not known else "#ffffff" if extreme else "#1b1e26"
        axes.text(
            column, row, f"{rank:g}" if known else "–", ha="center", va="center", fontsize=8, color=colour
        )
    axes.set_xticks(
        range(len(tasks)),
        [plain(short(grid.tasks[task].name, 24)) for task in tasks],
        rotation=35,
        ha="right",
    )
    axes.set_yticks(range(len(order)), [plain(short(grid.losses[loss])) for loss in order])
    axes.tick_params(length=0, labelcolor=INK)
    axes.grid(False)
    for side in axes.spines.values():
        side.set_visible(False)
    where = f"{READING_WORDS[reading]}, {show_fraction(grid.fractions[fraction])}"
    best = ", ".join(grid.losses[loss] for loss in order[:3])
    return Drawing(
        key=f"ranks-{file_name(measure.key)}-{reading}-{grid.fractions[fraction]:g}",
        title=f"Ranks by dataset, {measure.title}, {where}",
        words=f"Rank of every loss on every dataset by {measure.title}; the leading losses are {best}.",
        figure=figure,
    )
