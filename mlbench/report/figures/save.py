"""A figure's files, and its SVG as it stands in the page."""

from __future__ import annotations

import io
import re
from pathlib import Path

import matplotlib as mpl

from mlbench.report.figures.style import INK, MUTED, PAPER, RULE, Drawing, styled

_VARIABLES = {INK: "var(--ink)", MUTED: "var(--muted)", RULE: "var(--rule)", PAPER: "none"}


def save(drawing: Drawing, folder: Path) -> str:
    """Write `<key>.png` and `<key>.svg` into `folder`; returns the SVG for the page."""
    sink = io.StringIO()
    with styled(), mpl.rc_context({"svg.hashsalt": drawing.key}):
        drawing.figure.savefig(sink, format="svg", metadata={"Date": None, "Title": drawing.title})
        drawing.figure.set_layout_engine("none")  # laid out once: the PNG is drawn from where things stand
        drawing.figure.savefig(folder / f"{drawing.key}.png", pil_kwargs={"compress_level": 4})
    svg = sink.getvalue()
    (folder / f"{drawing.key}.svg").write_text(svg, encoding="utf-8")
    return inline(svg, drawing)


def inline(svg: str, drawing: Drawing) -> str:
    """The SVG without prologue and fixed size, its greys the page's own, its ids unique, with a text."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.S)
    svg = re.sub(r"<title>.*?</title>\s*", "", svg, count=1, flags=re.S)
    used = set(re.findall(r"(?:url\(|href=\")#([^\")]+)", svg))
    svg = re.sub(r' id="([^"]*)"', lambda match: match[0] if match[1] in used else "", svg)
    for name in used:
        svg = re.sub(rf'(id="|#){re.escape(name)}(?=["\)])', rf"\1{_identifier(drawing.key)}-{name}", svg)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, variable)
    svg = re.sub(r"font: [^;\"]*?([0-9.]+px)[^;\"]*", r"font-size: \1", svg)
    svg = re.sub(r"\s*\n\s*", "\n", svg)
    size = re.search(r'width="([0-9.]+)pt" height="[0-9.]+pt"', svg)
    width = float(size[1]) if size else 600
    head, rest = svg.split(">", 1)
    head = re.sub(r' (width|height|xmlns:xlink|version)="[^"]*"', "", head)
    label = drawing.words.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return f'{head} role="img" aria-label="{label}" style="width:{width * 4 / 3:.0f}px">{rest}'


def _identifier(key: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", key)
