"""Which figures a report has: each drawn, saved and handed to the page."""

from __future__ import annotations

from pathlib import Path

from mlbench.report.analysis import Analysis
from mlbench.report.figures.curves import learning_curves
from mlbench.report.figures.rankmap import rank_map
from mlbench.report.figures.save import save
from mlbench.report.figures.style import Drawing, looks, styled

Figures = dict[tuple[str, str, str, int | None], tuple[Drawing, str]]


def draw_all(analysis: Analysis, folder: Path) -> Figures:
    """Every figure of the main metrics, by (slot, metric, reading, fraction or None)."""
    grid, look = analysis.grid, looks(analysis.grid.losses)
    figures: Figures = {}

    def keep(slot: str, key: str, reading: str, fraction: int | None, drawing: Drawing | None) -> None:
        if drawing is not None:
            figures[slot, key, reading, fraction] = drawing, save(drawing, folder)

    with styled():
        for view in analysis.views(analysis.main):
            rule = analysis.measures[view.key]
            keep("ranks", *view, rank_map(grid, view.reading, rule, view.fraction, analysis.summary(view)))
        for key, reading in dict.fromkeys(view[:2] for view in analysis.views(analysis.main)):
            last = [view for view in analysis.views((key,)) if view.reading == reading][-1]
            leaders = [grid.losses[loss] for loss in analysis.summary(last).order]
            keep("curves", key, reading, None,
                 learning_curves(grid, reading, analysis.measures[key], look, leaders))  # fmt: skip
    return figures
