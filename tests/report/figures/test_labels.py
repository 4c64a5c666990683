"""Labels: short, and as different as the names."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mlbench.report.figures.labels import _BESIDE, _box, _meet, beside, shorten
from mlbench.report.figures.matrices import win_matrix
from mlbench.report.figures.significance import critical_differences
from mlbench.report.figures.style import FigureSubject, line_styles

LONG = ["my_loss_alpha0.1_temperature0.05", "my_loss_alpha0.2_temperature0.05", "bce"]
SUBJECT = FigureSubject("mAP", "own logits", "map")


def test_short_names_stay_and_long_ones_lose_their_middle() -> None:
    assert shorten(["bce", "a_loss_of_a_very_long_name"]) == {
        "bce": "bce",
        "a_loss_of_a_very_long_name": "a_loss_of_…_long_name",
    }


def test_names_alike_at_both_ends_show_where_they_differ() -> None:
    assert list(shorten(LONG).values()) == ["my_loss…a0.1_temperat…", "my_loss…a0.2_temperat…", "bce"]


@given(
    st.lists(st.text("ab", max_size=60) | st.sampled_from([*LONG, "a" * 40 + "b" * 40, "a" * 41 + "b" * 40])),
    st.integers(12, 30),
)
def test_different_names_have_different_labels_that_fit(names: list[str], length: int) -> None:
    labels = shorten(names, length)
    assert list(labels) == list(dict.fromkeys(names))
    assert len(set(labels.values())) == len(labels)
    assert all(len(label) <= length for label in labels.values())


def test_losses_of_long_names_are_two_in_a_diagram_and_in_a_matrix() -> None:
    ranks, p = np.array([1.0, 2.0, 3.0]), np.full((3, 3), 0.01)
    diagram = critical_differences(SUBJECT, line_styles(LONG), LONG, ranks, p, 1.0, 8).figure
    matrix = win_matrix(SUBJECT, LONG, np.full((3, 3), 0.5))
    assert matrix is not None
    for figure in (diagram, matrix.figure):
        shown = " ".join(text.get_text() for text in figure.axes[0].texts)
        assert "a0.1" in shown
        assert "a0.2" in shown


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 3), st.integers(1, 12)), min_size=1, max_size=30))
def test_a_name_hides_no_mark_and_no_name_before_it_where_that_can_be(
    marks: list[tuple[float, float, int]],
) -> None:
    places, names = [(x, y) for x, y, _ in marks], ["m" * length for *_, length in marks]
    sides = beside(places, names)
    dots = [(x - 0.05, x + 0.05, y - 0.05, y + 0.05) for x, y in places]
    boxes = [_box(place, side, name) for place, side, name in zip(places, sides, names, strict=True)]
    for number, (place, side, name) in enumerate(zip(places, sides, names, strict=True)):
        taken = [*dots, *boxes[:number]]
        hides = [any(_meet(_box(place, each, name), other) for other in taken) for each in _BESIDE]
        assert hides[_BESIDE.index(side)] == all(hides)
        assert side == (1, 0) or hides[0]


def test_far_marks_have_their_names_on_the_right() -> None:
    assert beside([(0.0, 0.0), (3.0, 1.0)], ["one", "two"]) == [(1, 0), (1, 0)]
    assert beside([(0.0, 0.0), (0.2, 0.0)], ["one", "two"]) == [(-1, 0), (1, 0)]
