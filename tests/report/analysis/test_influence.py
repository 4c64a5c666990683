"""Differences by kind of input are those of a loop over families, correlations are scipy's, Holm counts them all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from mlbench.records import Store
from mlbench.report.analysis import Analysis, View
from mlbench.report.analysis.influence import influences
from mlbench.report.data.grid import Grid
from mlbench.report.data.merge import merge
from mlbench.report.figures.jobs import figure_jobs
from mlbench.report.figures.style import styled
from mlbench.report.statistics.frequentist import holm
from mlbench.report.tables.influence import SPREAD, influence_table
from tests.report.synthetic import World, records

LOSSES = {"bce": 0.0, "asl": 0.02, "msc": -0.05}
FAMILIES = tuple(f"d{labels}" for labels in (10, 20, 30, 40, 50, 60, 70, 80))
VIEW = View("map", "own", 0)


def analysis_of(
    folder: Path,
    change: Callable[[dict[str, object], int], None] | None = None,
    *,
    families: tuple[str, ...] = FAMILIES,
    losses: dict[str, float] = LOSSES,
) -> Analysis:
    """Of families with as many labels as their name says; `change` sees each record and the place of its family."""
    store = Store(folder / "synthetic")
    store.prepare()
    for record, _ in records(World(losses=losses, datasets=families, fractions=(1.0,), ceiling=())):
        place = families.index(str(record["cell"]["dataset"]))
        record["dataset"]["modality"] = "image" if place % 4 == 3 else "text"
        record["dataset"]["cardinality"] = float((place * 3) % 8 + 1)
        if change is not None:
            change(record, place)
        store.write(record)
    return Analysis(Grid(merge([folder]).cells))


def test_they_are_those_of_a_loop_over_families(tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path)
    found = influences(analysis, VIEW)
    assert found is not None
    assert (found.control, found.families) == ("bce", 8)
    assert found.kinds == {"text, trained": 6, "image, trained": 2}
    assert found.traits == ("labels", "labels a sample", "imbalance")  # all have as many training rows
    assert set(found.losses) == {"asl", "msc"}
    cells = analysis.grid.cells
    test = cells.pivot_table(index="dataset", columns="loss", values="metrics/test/map").loc[list(FAMILIES)]
    floor = cells.groupby("dataset")["floor_metrics/test/map"].mean().loc[list(FAMILIES)]
    span = test.max(axis=1) - floor
    labels = np.arange(10.0, 90.0, 10)
    cardinality = np.array([(place * 3) % 8 + 1 for place in range(8)], float)
    p = []
    shares = {loss: ((test[loss] - test["bce"]) / span).to_numpy() for loss in found.losses}
    shares[SPREAD] = np.std([np.zeros(8), *shares.values()], axis=0)
    for loss, own in shares.items():
        one = found.spread if loss == SPREAD else found.losses[loss]
        assert one.by_kind["text, trained"].interval.mean == pytest.approx(own[[0, 1, 2, 4, 5, 6]].mean())
        assert one.by_kind["image, trained"].interval.mean == pytest.approx(own[[3, 7]].mean())
        assert one.by_trait["labels"].rho == pytest.approx(spearmanr(labels, own).statistic)
        assert one.by_trait["labels a sample"].rho == pytest.approx(spearmanr(cardinality, own).statistic)
        assert one.by_trait["labels"].p == pytest.approx(spearmanr(labels, own).pvalue, abs=0.05)
        p += [each.p for each in one.by_trait.values()]
    adjusted = [
        each.p_holm for one in (*found.losses.values(), found.spread) for each in one.by_trait.values()
    ]
    assert adjusted == pytest.approx(holm(p).tolist())


def test_a_loss_that_gains_with_the_number_of_labels_is_found(tmp_path: Path) -> None:
    def change(record: dict[str, object], place: int) -> None:
        if record["cell"]["loss"]["id"] == "asl":  # type: ignore[index]
            record["metrics"]["test"]["map"] += 0.02 * place  # type: ignore[index]

    analysis = analysis_of(tmp_path, change)
    table = influence_table(analysis, VIEW)
    assert table is not None
    assert [column.title for column in table.columns] == [
        "loss",
        "text, trained (6)",
        "image, trained (2)",
        "ρ, labels",
        "ρ, labels a sample",
        "ρ, imbalance",
    ]
    rows = {row.entries[0].text: row for row in table.rows}
    assert list(rows) == ["asl", "msc", SPREAD]
    assert rows[SPREAD].kind == "reference"
    rho = rows["asl"].entries[3]
    assert rho.best
    assert rho.value is not None
    assert rho.value > 0.85
    smallest = [rho.note for row in table.rows for rho in row.entries[3:] if "≤" in rho.note]
    assert set(smallest) <= {"p ≤ 0.0002"}, "so many orders cannot tell less"
    assert ("≤" in rho.note) == (rho.note.endswith("0.0002"))
    assert not rows["msc"].entries[3].best
    assert rows["asl"].entries[1].note.count(" to ") == 1
    assert rows["asl"].entries[2].note == ""  # two families have no interval


def test_families_with_hardly_a_span_are_left_out(tmp_path: Path) -> None:
    def change(record: dict[str, object], place: int) -> None:
        if place == 0:
            record["floor_metrics"]["test"]["map"] = 0.999  # type: ignore[index]

    found = influences(analysis_of(tmp_path, change), VIEW)
    assert found is not None
    assert found.families == 7
    assert found.kinds["text, trained"] == 5


@pytest.mark.parametrize(
    ("families", "losses"),
    [(FAMILIES[:5], LOSSES), (FAMILIES, {"asl": 0.0, "msc": 0.01})],
    ids=["five families", "no control"],
)
def test_what_it_takes(tmp_path: Path, families: tuple[str, ...], losses: dict[str, float]) -> None:
    assert influence_table(analysis_of(tmp_path, families=families, losses=losses), VIEW) is None


def test_losses_that_are_level_everywhere_have_no_correlation(tmp_path: Path) -> None:
    def change(record: dict[str, object], place: int) -> None:
        record["metrics"]["test"]["map"] = 0.5 + 0.01 * place  # type: ignore[index]

    found = influences(analysis_of(tmp_path, change), VIEW)
    assert found is not None
    assert not found.losses["asl"].by_trait
    table = influence_table(analysis_of(tmp_path / "again", change), VIEW)
    assert table is not None
    assert {entry.text for entry in table.rows[0].entries[3:]} == {"–"}


def test_the_figure_shows_what_the_correction_leaves_and_nothing_else(tmp_path: Path) -> None:
    def change(record: dict[str, object], place: int) -> None:
        if record["cell"]["loss"]["id"] == "asl":  # type: ignore[index]
            record["metrics"]["test"]["map"] += 0.02 * place  # type: ignore[index]

    analysis = analysis_of(tmp_path / "gains", change)
    found = influences(analysis, VIEW)
    assert found is not None
    assert found.strongest is not None
    assert (found.strongest.loss, found.strongest.families) == ("asl", FAMILIES)
    (job,) = [job for job in figure_jobs(analysis) if job.place == ("influence-figure", *VIEW)]
    with styled():
        drawn = job.draw()
    assert drawn is not None
    (axes,) = drawn.figure.axes
    marks = max(axes.lines, key=lambda line: len(line.get_xdata()))  # type: ignore[arg-type]
    np.testing.assert_allclose(marks.get_xdata(), found.strongest.values)
    np.testing.assert_allclose(marks.get_ydata(), 100 * found.strongest.shares)
    assert sorted(text.get_text() for text in axes.texts) == sorted(FAMILIES)

    plain = analysis_of(tmp_path / "plain")
    found = influences(plain, VIEW)
    assert found is not None
    assert found.strongest is None
    assert not [job for job in figure_jobs(plain) if job.place[0] == "influence-figure"]
