"""A figure's files, and its SVG as it stands in the page."""

from __future__ import annotations

import gc
import html
import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl

from mlbench.report.figures.style import INK, MUTED, PAPER, RULE, Drawing, styled
from mlbench.report.garbage import kept, uncollected

PART = 4
"""Figures that a process draws at a time."""
Draw = Callable[[], Drawing | None]
_VARIABLES = {INK: "var(--ink)", MUTED: "var(--muted)", RULE: "var(--rule)", PAPER: "none"}


class SavedFigure(NamedTuple):
    """A drawn figure: its file name without ending, its title, its SVG for the page."""

    key: str
    title: str
    svg: str


def render_all(draws: Sequence[Draw], folder: Path) -> list[SavedFigure | None]:
    """Draw and save figures; their garbage, which is much, is collected after every few and not all the time."""
    saved: list[SavedFigure | None] = []
    with kept():
        for start in range(0, len(draws), PART):
            with uncollected():
                saved += [render(draw, folder) for draw in draws[start : start + PART]]
            gc.collect()
    return saved


def render(draw: Draw, folder: Path) -> SavedFigure | None:
    """Draw a figure and save it; None where there is nothing to draw."""
    with styled():
        drawing = draw()
        return None if drawing is None else SavedFigure(drawing.key, drawing.title, save(drawing, folder))


def save(drawing: Drawing, folder: Path) -> str:
    """Write `<key>.png` and `<key>.svg` into `folder`; returns the SVG for the page."""
    sink = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": drawing.key}):
        drawing.figure.savefig(sink, format="svg", metadata={"Date": None, "Title": drawing.title})
        drawing.figure.savefig(folder / f"{drawing.key}.png", pil_kwargs={"compress_level": 4})
    svg = sink.getvalue()
    (folder / f"{drawing.key}.svg").write_text(svg, encoding="utf-8")
    return inline(svg, drawing)


def inline(svg: str, drawing: Drawing) -> str:
    """The SVG without prologue and fixed size, its greys the page's own, its ids unique, with a text."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.S)
    svg = re.sub(r"<title>.*?</title>\s*", "", svg, count=1, flags=re.S)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.S)
    prefix = re.sub(r"[^A-Za-z0-9]+", "-", drawing.key)
    used = set(re.findall(r"(?:url\(|href=\")#([^\")]+)", svg))
    svg = re.sub(
        r' id="([^"]*)"', lambda match: f' id="{prefix}-{match[1]}"' if match[1] in used else "", svg
    )
    svg = re.sub(r'(url\(|href=")#', rf"\1#{prefix}-", svg)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, variable)
    svg = re.sub(r"font: [^;\"]*?([0-9.]+px)[^;\"]*", r"font-size: \1", svg)
    svg = re.sub(r"\s*\n\s*", "\n", svg)
    svg = re.sub(r"<[^>]*>", _shorten, svg)
    size = re.search(r'width="([0-9.]+)pt"', svg)
    width = float(size[1]) * 4 / 3 if size else 600
    head, rest = svg.split(">", 1)
    head = re.sub(r' (width|height|xmlns:xlink|version)="[^"]*"', "", head)
    return f'{head} role="img" aria-label="{html.escape(drawing.words)}" style="width:{width:.0f}px">{rest}'


def _shorten(tag: re.Match[str]) -> str:
    """A tag with its coordinates to a hundredth of a point, which is finer than any screen; words stay."""
    return re.sub(r"(\.\d\d)\d{3,}", r"\1", tag[0])
