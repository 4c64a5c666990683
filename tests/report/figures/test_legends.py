"""Every line of a figure is named, those that are not highlighted too."""

from __future__ import annotations

import numpy as np
import pytest

from mlbench.report.figures.curves import CurvePanel, learning_curves
from mlbench.report.figures.scatter import against_labels
from mlbench.report.figures.style import HIGHLIGHTED, Drawing, FigureSubject, line_styles

SUBJECT = FigureSubject("mAP", "own logits", "map-own")


def legend(drawing: Drawing | None) -> list[str]:
    assert drawing is not None
    figure = drawing.figure
    found = [*figure.legends, *(axes.get_legend() for axes in figure.axes if axes.get_legend())]
    return [text.get_text() for legend in found for text in legend.get_texts()]


@pytest.mark.parametrize("more", [0, 1, 3])
def test_the_losses_in_grey_are_named_last(more: int) -> None:
    names = [f"loss{number}" for number in range(HIGHLIGHTED + more)]
    expected = {0: [], 1: [f"loss{HIGHLIGHTED} (grey)"], 3: ["3 others (grey)"]}[more]
    values = np.linspace(0.1, 0.9, 2 * len(names)).reshape(len(names), 2)
    panel = CurvePanel("task", values, values / 50, np.nan, np.nan)
    shown = legend(learning_curves(SUBJECT, line_styles(names), names, [0.1, 1.0], [panel]))
    assert shown == names[:HIGHLIGHTED] + expected
    sizes = np.array([5.0, 50.0])
    gains = legend(
        against_labels(
            SUBJECT, line_styles(["bce", *names]), names, "bce", sizes, np.vstack([values[:1] * 0, values])
        )
    )
    assert gains == names[:HIGHLIGHTED] + expected


def test_leaders_have_a_colour_each() -> None:
    """With many losses colours come back; those that figures highlight have one each."""
    names = [f"loss{place:02d}" for place in range(35)]
    leaders = names[::-5]
    assert len(leaders) == HIGHLIGHTED
    found = line_styles(names, leaders)
    assert list(found) == names
    assert len({found[name].colour for name in leaders}) == HIGHLIGHTED
    assert all(found[name].dash == "solid" for name in leaders)
    assert len({(style.colour, style.dash) for style in found.values()}) == len(names)


@pytest.mark.parametrize("known", [True, False])
def test_intervals_are_spoken_of_where_there_are_some(known: bool) -> None:
    """One seed has none."""
    values = np.array([[0.2, 0.4], [0.3, 0.5]])
    panel = CurvePanel("task", values, values / 50 if known else np.full_like(values, np.nan), np.nan, np.nan)
    drawing = learning_curves(SUBJECT, line_styles(["a", "b"]), ["a", "b"], [0.1, 1.0], [panel])
    assert drawing is not None
    assert ("95 % intervals" in drawing.title) == known
