"""What figures are put together from: panels, legends, grey lines, bands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from mlbench.report.data.arrays import Floats
from mlbench.report.figures.labels import shorten
from mlbench.report.figures.style import MUTED


def one_panel(
    width: float, height: float, *, left: float, bottom: float, right: float = 0.15
) -> tuple[Figure, Axes]:
    """A panel of `width` × `height` inches with margins in inches: quicker than a layout engine."""
    whole, tall = left + width + right, bottom + height + 0.15
    figure = Figure(figsize=(whole, tall))
    axes = figure.add_axes((left / whole, bottom / tall, width / whole, height / tall))
    return figure, axes


def panels(count: int, names: Sequence[str], *, columns: int = 4) -> tuple[Figure, list[Axes]]:
    """Small multiples in rows of up to `columns`, with room for a legend of `names` below."""
    columns = min(columns, count) or 1
    rows = -(-count // columns)
    left, top, gap_x, gap_y, width, height = 0.62, 0.3, 0.55, 0.62, 1.85, 1.5
    whole = max(left + columns * (width + gap_x) - gap_x + 0.2, 4.6)
    bottom = 0.52 + 0.17 * -(-len(names) // _legend_columns(whole, names))
    size = (whole, bottom + rows * (height + gap_y) - gap_y + top)
    figure = Figure(figsize=size)
    axes = []
    for place in range(count):
        row, column = divmod(place, columns)
        x, y = left + column * (width + gap_x), bottom + (rows - 1 - row) * (height + gap_y)
        axes.append(figure.add_axes((x / size[0], y / size[1], width / size[0], height / size[1])))
    return figure, axes


def name_panels(axes: Sequence[Axes], names: Sequence[str]) -> None:
    """The panels' titles; at a fixed height, since to look for a free one takes a quarter of all drawing."""
    labels = shorten(names, 28)
    for panel, name in zip(axes, names, strict=True):
        panel.set_title(labels[name], y=1.0)


def named_grey(names: Sequence[str]) -> str:
    """What a legend calls the losses that are not highlighted."""
    return f"{names[0]} (grey)" if len(names) == 1 else f"{len(names)} others (grey)"


def grey_lines(axes: Axes, x: Floats, rows: Floats, names: Sequence[str]) -> None:
    """The losses that are not highlighted: one line with gaps, [losses, points]."""
    if len(rows):
        gaps = np.full((len(rows), 1), np.nan)
        every = np.concatenate([np.broadcast_to(x, rows.shape), gaps], axis=1)
        axes.plot(every.ravel(), np.concatenate([rows, gaps], axis=1).ravel(), color=MUTED, alpha=0.35,
                  linewidth=0.8, zorder=2, label=named_grey(names))  # fmt: skip


def bands(axes: Axes, x: Floats, low: Floats, high: Floats, colours: Sequence[str]) -> None:
    """Intervals [losses, points] as areas, all of them one artist."""
    corners = []
    for bottom, top in zip(low, high, strict=True):
        there = ~np.isnan(bottom)
        around = np.concatenate([x[there], x[there][::-1]]), np.concatenate([bottom[there], top[there][::-1]])
        corners.append(np.stack(around, axis=1))
    areas = PolyCollection(corners, facecolors=colours, alpha=0.1, linewidths=0)
    axes.add_collection(areas, autolim=False)


def legend_below(figure: Figure, axes: Sequence[Axes]) -> None:
    """One legend of everything that any panel names, at the foot of the figure."""
    found = {
        text: handle
        for panel in axes
        for handle, text in zip(*panel.get_legend_handles_labels(), strict=True)
    }
    if found:
        columns = _legend_columns(figure.get_figwidth(), list(found))
        figure.legend(list(found.values()), list(found), loc="lower left", ncols=columns, borderaxespad=0.6)


def _legend_columns(width: float, names: Sequence[str]) -> int:
    """So many entries fit beside one another in `width` inches."""
    longest = max(map(len, names), default=0)
    return max(1, min(len(names), int((width - 0.2) / (0.55 + 0.067 * longest))))
