"""Heat maps: ranks of losses on tasks, and which loss beats which."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D

from mlbench.report.data.arrays import Floats
from mlbench.report.figures.labels import room_for, shorten
from mlbench.report.figures.layout import one_panel
from mlbench.report.figures.style import MUTED, Drawing, FigureSubject

_COLOURS = LinearSegmentedColormap.from_list("ranks", ["#0072b2", "#7fb6d6", "#e8e6df", "#e9b489", "#d55e00"])
_NAME = 24


def rank_map(
    subject: FigureSubject, losses: Sequence[str], tasks: Sequence[str], ranks: Floats
) -> Drawing | None:
    """Ranks within each task, [losses, tasks], 1 is best, NaN where there is none."""
    if len(losses) < 2 or not len(tasks):
        return None
    figure, axes = _named_panel(tasks, losses)
    axes.imshow(ranks, cmap=_COLOURS, vmin=1, vmax=len(losses), aspect="auto")
    _write(axes, ranks, (ranks - 1) / max(len(losses) - 1, 1), "{:g}")
    return Drawing(
        key=f"ranks-{subject.suffix}",
        title=f"Ranks by dataset, {subject.metric}, {subject.where}",
        words=f"Rank of every loss on every dataset by {subject.metric}; the leading losses are "
        f"{', '.join(losses[:3])}.",
        figure=figure,
    )


def win_matrix(subject: FigureSubject, losses: Sequence[str], shares: Floats) -> Drawing | None:
    """[losses, losses]: the share of families on which the row's loss is ahead of the column's."""
    if len(losses) < 2:
        return None
    figure, axes = _named_panel(losses, losses)
    axes.imshow(1 - shares, cmap=_COLOURS, vmin=0, vmax=1, aspect="auto")
    _write(axes, 100 * shares, 1 - shares, "{:.0f}")
    return Drawing(
        key=f"wins-{subject.suffix}",
        title=f"Who beats whom, {subject.metric}, {subject.where}: % of families on which the row is ahead",
        words=f"Share of dataset families on which one loss is ahead of another by {subject.metric}.",
        figure=figure,
    )


def _named_panel(columns: Sequence[str], rows: Sequence[str]) -> tuple[Figure, Axes]:
    """A panel with names below and to the left; as plain texts, which take a fifth of the time of ticks."""
    below, beside = list(shorten(columns, _NAME).values()), list(shorten(rows).values())
    figure, axes = one_panel(
        0.48 * len(columns), 0.28 * len(rows), left=room_for(beside), bottom=0.62 * room_for(below) + 0.1,
        right=0.6,
    )  # fmt: skip
    axes.set_axis_off()
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    for place, label in enumerate(below):
        axes.annotate(label, (place, len(rows) - 0.5), xytext=(0, -4), textcoords="offset points",
                      ha="right", va="top", rotation=38, rotation_mode="anchor", fontsize=8)  # fmt: skip
    for place, label in enumerate(beside):
        axes.annotate(label, (-0.5, place), xytext=(-4, 0), textcoords="offset points",
                      ha="right", va="center", fontsize=8)  # fmt: skip
    return figure, axes


def _write(axes: Axes, values: Floats, shade: Floats, form: str) -> None:
    """The number in every field; white on the two dark ends of the scale.

    Equal numbers are one set of markers, whose shape is drawn once: hundreds of texts take ten times as long.
    """
    places: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for (row, column), value in np.ndenumerate(values):
        known = value == value
        dark = known and abs(shade[row, column] - 0.5) > 0.4
        colour = MUTED if not known else "#ffffff" if dark else "#1b1e26"
        places[form.format(value) if known else "–", colour].append((column, row))
    for (text, colour), fields in places.items():
        shape, size = _shape(text)
        axes.plot(
            *zip(*fields, strict=True), linestyle="none", marker=shape, markersize=size, color=colour,
            markeredgewidth=0,
        )  # fmt: skip


@lru_cache(256)
def _shape(text: str) -> tuple[Path, float]:
    """The outline of a text about its middle, and its size as a marker's."""
    shape = TextPath((0, 0), text, size=7.5)
    box = shape.get_extents()
    centred = shape.transformed(Affine2D().translate(-(box.x0 + box.x1) / 2, -(box.y0 + box.y1) / 2))
    return centred, 2 * float(np.abs(np.asarray(centred.vertices)).max())
