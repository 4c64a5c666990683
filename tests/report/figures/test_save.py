"""Figures as they stand in the page."""

from __future__ import annotations

import re
from pathlib import Path

from matplotlib.figure import Figure

from mlbench.report.figures.save import save
from mlbench.report.figures.style import Drawing, styled


def test_the_pages_svg_shortens_coordinates_and_no_names(tmp_path: Path) -> None:
    with styled():
        figure = Figure(figsize=(3, 2))
        axes = figure.add_subplot()
        axes.plot([0, 1, 2], [1 / 3, 1 / 7, 2 / 3])
        axes.set_title("asl lr=0.00012 <0.98765")
        svg = save(Drawing("key", "title", "words", figure), tmp_path)
    assert "asl lr=0.00012 &lt;0.98765" in svg
    assert not re.search(r"\.\d{5,}", "".join(re.findall(r"<[^>]*>", svg)))
