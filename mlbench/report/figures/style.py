"""One look for all figures: quiet axes, colours that colour-blind readers tell apart, one colour a loss."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, MUTED, RULE, PAPER = "#1f2430", "#6a7180", "#dedcd5", "#fffffe"
"""Text, secondary text, lines, ground; the page replaces them by its own, light or dark."""

HUES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a8a8a")
"""Okabe and Ito's palette without black and yellow, which vanish on one of the two grounds."""
DASHES: tuple[Any, ...] = ("solid", (0, (4, 2)), (0, (1, 1.4)), (0, (6, 2, 1, 2)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

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
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "svg.fonttype": "none",
    "figure.dpi": 100,
    "savefig.dpi": 140,
    "path.simplify": True,
}


@dataclass(frozen=True)
class Drawing:
    """A figure with its file name, its title and what it shows in words, for those who cannot see it."""

    key: str
    title: str
    words: str
    figure: Figure


@dataclass(frozen=True)
class Look:
    colour: str
    dash: Any
    marker: str


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the report's style; the caller's own matplotlib settings come back afterwards."""
    with mpl.rc_context(_RC):
        yield


def looks(losses: Sequence[str]) -> dict[str, Look]:
    """The look of each loss, the same in every figure of a report."""
    styles = itertools.cycle((dash, hue) for dash in range(len(DASHES)) for hue in range(len(HUES)))
    return {
        loss: Look(HUES[hue], DASHES[dash], MARKERS[(hue + dash) % len(MARKERS)])
        for loss, (dash, hue) in zip(losses, styles, strict=False)
    }


def new_figure(width: float, height: float) -> Figure:
    """A figure of so many inches, laid out by itself."""
    return Figure(figsize=(width, height), layout="constrained")


def small_multiples(
    count: int, *, width: float = 9.4, columns: int = 4, height: float = 2.15
) -> tuple[Figure, list[Axes]]:
    """A figure with `count` panels in rows of up to `columns`; room for a legend below."""
    columns = min(columns, count) or 1
    rows = -(-count // columns)
    figure = new_figure(max(width * columns / 4, 4.2), 0.55 + height * rows)
    axes = figure.subplots(rows, columns, squeeze=False)
    flat = list(axes.flat)
    for spare in flat[count:]:
        spare.set_axis_off()
    return figure, flat[:count]


def short(name: str, length: int = 22) -> str:
    """A name cut in the middle so that it fits a label."""
    if len(name) <= length:
        return name
    keep = (length - 1) // 2
    return f"{name[:keep]}…{name[-keep:]}"


def plain(name: str) -> str:
    """A name that matplotlib does not take for a formula."""
    return name.replace("$", r"\$")
