"""One look for all figures: quiet axes, colours that colour-blind readers tell apart, one colour a loss."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from mlbench.report.arrays import Floats

INK, MUTED, RULE, PAPER = "#1f2430", "#6a7180", "#dedcd5", "#fffffe"
"""Text, secondary text, lines, ground; the page replaces them by its own, light or dark."""

HUES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a8a8a")
"""Okabe and Ito's palette without black and yellow, which vanish on one of the two grounds."""
DASHES: tuple[Any, ...] = ("solid", (0, (4, 2)), (0, (1, 1.4)), (0, (6, 2, 1, 2)))
HATCHES = ("", "//", "\\\\", "xx")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
HIGHLIGHTED = 7
"""So many losses are drawn in colour; of more the rest is grey."""

_RC: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": MUTED,
    "axes.labelsize": 8.5,
    "axes.edgecolor": RULE,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "text.color": INK,
    "text.parse_math": False,
    "text.hinting": "none",
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "svg.fonttype": "none",
    "figure.dpi": 100,
    "savefig.dpi": 120,
}


@dataclass(frozen=True)
class Subject:
    """What a figure is about: the metric in words, the reading and fraction in words, a suffix for files."""

    metric: str
    where: str
    suffix: str


@dataclass(frozen=True)
class Drawing:
    """A figure with its file name, its title and what it shows in words, for those who cannot see it."""

    key: str
    title: str
    words: str
    figure: Figure


@dataclass(frozen=True)
class Look:
    """How a loss is drawn."""

    colour: str
    dash: Any
    marker: str
    hatch: str


Looks = dict[str, Look]


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the report's style; the caller's own matplotlib settings come back afterwards.

    A letter that the PNG's font lacks is a box there; the SVG and the page show it by the reader's fonts.
    """
    with mpl.rc_context(_RC), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        yield


def looks(losses: Sequence[str]) -> Looks:
    """The look of each loss, the same in every figure of a report."""
    styles = itertools.cycle((dash, hue) for dash in range(len(DASHES)) for hue in range(len(HUES)))
    return {
        loss: Look(HUES[hue], DASHES[dash], MARKERS[(hue + dash) % len(MARKERS)], HATCHES[dash])
        for loss, (dash, hue) in zip(losses, styles, strict=False)
    }


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


def name_panel(axes: Axes, name: str) -> None:
    """A panel's title; at a fixed height, since to look for a free one takes a quarter of all drawing."""
    axes.set_title(short(name, 28), y=1.0)


def grey_lines(axes: Axes, x: Floats, rows: Floats) -> None:
    """The losses that are not highlighted: one line with gaps, [losses, points]."""
    if len(rows):
        gaps = np.full((len(rows), 1), np.nan)
        every = np.concatenate([np.broadcast_to(x, rows.shape), gaps], axis=1)
        axes.plot(every.ravel(), np.concatenate([rows, gaps], axis=1).ravel(), color=MUTED, alpha=0.35,
                  linewidth=0.8, zorder=2)  # fmt: skip


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
        names = [short(name) for name in found]
        figure.legend(list(found.values()), names, loc="lower left", ncols=columns, borderaxespad=0.6)


def _legend_columns(width: float, names: Sequence[str]) -> int:
    """So many entries fit beside one another in `width` inches."""
    longest = max((len(short(name)) for name in names), default=0)
    return max(1, min(len(names), int((width - 0.2) / (0.55 + 0.067 * longest))))


def short(name: str, length: int = 22) -> str:
    """A name cut in the middle so that it fits a label."""
    if len(name) <= length:
        return name
    keep = (length - 1) // 2
    return f"{name[:keep]}…{name[-keep:]}"


def room_for(names: Sequence[str], length: int = 22) -> float:
    """Inches that the longest of the names takes at the size of tick labels."""
    return 0.2 + 0.073 * max((len(short(name, length)) for name in names), default=0)
