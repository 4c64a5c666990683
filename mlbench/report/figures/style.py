"""One style for all figures: quiet axes, colours that colour-blind readers can distinguish, one colour a loss."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from mlbench.report.figures.labels import shorten

INK, MUTED, RULE, PAPER = "#1f2430", "#6a7180", "#dedcd5", "#fffffe"
"""Text, secondary text, lines, ground; the page replaces them by its own, light or dark."""

HUES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a8a8a")
"""Okabe and Ito's palette without black and yellow, which vanish on one of the two grounds."""
DASHES: tuple[Any, ...] = ("solid", (0, (4, 2)), (0, (1, 1.4)), (0, (6, 2, 1, 2)), (0, (8, 1.5)))
HATCHES = ("", "//", "\\\\", "xx", "..")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
HIGHLIGHTED = 7
"""So many losses are drawn in colour; of more the rest is grey."""
BANDS = 3
"""So many leading losses have their interval drawn: more bands hide one another."""

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
class FigureSubject:
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
class LineStyle:
    """How a loss is drawn, and what labels call it."""

    label: str
    colour: str
    dash: Any
    marker: str
    hatch: str


LineStyles = dict[str, LineStyle]


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the report's style; the caller's own matplotlib settings come back afterwards.

    A letter that the PNG's font lacks is a box there; the SVG and the page show it by the reader's fonts.
    """
    with mpl.rc_context(), warnings.catch_warnings():
        # A `matplotlibrc` in the current folder, which could have TeX run, has no say.
        mpl.rcdefaults()
        mpl.rcParams.update(_RC)
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        yield


def line_styles(losses: Sequence[str], first: Sequence[str] = ()) -> LineStyles:
    """The style of each loss, in their order; the same in every figure of a report.

    Those named `first` get the styles that are easiest to distinguish.
    """
    labels = shorten(losses)
    styles = itertools.cycle((dash, hue) for dash in range(len(DASHES)) for hue in range(len(HUES)))
    given = dict(zip(dict.fromkeys([*first, *losses]), styles, strict=False))
    return {
        loss: LineStyle(
            labels[loss], HUES[hue], DASHES[dash], MARKERS[(hue + dash) % len(MARKERS)], HATCHES[dash]
        )
        for loss in losses
        for dash, hue in [given[loss]]
    }
