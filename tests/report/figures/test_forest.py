"""The figure of differences from the control shows the numbers of the table, and none where there is no interval."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlbench.report import report
from mlbench.report.analysis import Analysis
from mlbench.report.data.arrays import Intervals
from mlbench.report.data.grid import Grid
from mlbench.report.data.merge import merge
from mlbench.report.figures.forest import from_control
from mlbench.report.figures.jobs import figure_jobs
from mlbench.report.figures.style import Drawing, FigureSubject, line_styles, styled
from tests.report.synthetic import World, write

SUBJECT = FigureSubject("mAP", "own logits, 100 %", "map-own-1")
SEVEN = World(
    losses={"bce": 0.0, "asl": 0.03, "msc": -0.02},
    datasets=tuple(f"data-{name}" for name in "abcdefg"),
    fractions=(1.0,),
    ceiling=(),
)


def draw(low: float = -0.01) -> Drawing | None:
    found = Intervals(np.array([0.02, -0.03]), np.array([low, -0.05]), np.array([0.04, -0.01]))
    shares = np.array([[0.01, 0.03], [-0.04, -0.02]])
    with styled():
        return from_control(
            SUBJECT, line_styles(["asl", "bce", "msc"]), ["asl", "msc"], "bce", found, shares, 0.02
        )


def test_a_line_and_a_mark_a_loss_the_best_above() -> None:
    drawn = draw()
    assert drawn is not None
    (axes,) = drawn.figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["asl", "msc"]
    intervals = [
        line.get_xdata() for line in axes.lines if len(line.get_xdata()) == 2 and line.get_linewidth() > 2
    ]  # type: ignore[arg-type]
    np.testing.assert_allclose(intervals, [[-1, 4], [-5, -1]])
    assert axes.get_ylim()[0] < 0 < 1 < axes.get_ylim()[1]
    assert "2 families" in drawn.title
    assert "±2 %" in drawn.title


def test_every_family_is_there_the_far_ones_as_arrows_at_the_edge() -> None:
    found = Intervals(np.array([0.0]), np.array([-0.04]), np.array([0.04]))
    shares = np.array([[-0.9, -0.06, 0.0, 0.05, 0.7]])
    with styled():
        drawn = from_control(SUBJECT, line_styles(["asl", "bce"]), ["asl"], "bce", found, shares, 0.02)
    assert drawn is not None
    (axes,) = drawn.figure.axes
    points = [np.asarray(each.get_offsets())[:, 0].tolist() for each in axes.collections]
    assert points == [[-6, 0, 5], [pytest.approx(-10)], [pytest.approx(10)]]
    left, right = axes.get_xlim()
    assert left < -10
    assert right > 10
    assert "an arrow one beyond the axis" in drawn.title
    near = draw()
    assert near is not None
    assert [len(np.asarray(each.get_offsets())) for each in near.figure.axes[0].collections] == [4, 0, 0]


def test_without_intervals_there_is_no_figure() -> None:
    assert draw(low=-np.inf) is None


@pytest.mark.slow
@pytest.mark.parametrize(("families", "there"), [(7, True), (5, False)])
def test_a_report_has_it_where_families_are_enough(tmp_path: Path, families: int, there: bool) -> None:
    world = World(**{**vars(SEVEN), "datasets": SEVEN.datasets[:families]})
    analysis = Analysis(Grid(merge([write(tmp_path / "results", world)]).cells))
    jobs = [job for job in figure_jobs(analysis) if job.place[:2] == ("from-control", "map")]
    assert len(jobs) == 2, "of both readings"
    with styled():
        assert all((job.draw() is not None) == there for job in jobs)
    if there:
        page = report(tmp_path / "results", tmp_path / "report").read_text()
        assert (tmp_path / "report" / "figures" / "from-control-map-own-1.svg").is_file()
        assert "Difference from bce, mAP" in page
