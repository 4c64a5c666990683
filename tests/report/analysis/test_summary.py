"""Means over families and their spread over seeds, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from mlbench.records import load_records
from mlbench.report.analysis import Analysis, View
from mlbench.report.analysis.buckets import bucket_means
from mlbench.report.data.arrays import over_families, spread_over_seeds
from mlbench.report.data.grid import Grid
from mlbench.report.figures.data import curve_panels, training_history
from tests.report.synthetic import World, write

KEYS = ("map", "map/head", "map/tail")


def analysis_of(folder: Path, **world: object) -> Analysis:
    return Analysis(Grid(load_records(write(folder, World(fractions=(1.0,), keys=KEYS, **world)))))  # type: ignore[arg-type]


def test_a_family_weighs_once() -> None:
    values = np.array([[0.0], [0.2], [1.0]])
    assert over_families(values, ["a", "a", "b"]) == pytest.approx([0.55])


def test_the_spread_is_that_of_the_mean_over_families() -> None:
    scores = np.array([[[0.1, 0.3, np.nan], [0.2, 0.8, 0.5]]])
    assert spread_over_seeds(scores, ["a", "b"]) == pytest.approx([np.std([0.15, 0.55], ddof=1)])
    assert np.isnan(spread_over_seeds(scores[:, :, :1], ["a", "b"])).all(), "one seed has no spread"


def test_the_means_and_spreads_of_tables_are_those_of_the_records(tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path)
    grid, summary = analysis.grid, analysis.summary(View("map", "own", 0))
    frame = grid.cells.assign(family=grid.cells["dataset/family"])
    by_task = frame.groupby(["loss", "seed", "family", "task"])["metrics/test/map"].mean()
    by_seed = by_task.groupby(["loss", "seed", "family"]).mean().groupby(["loss", "seed"]).mean()
    for place, loss in enumerate(grid.losses):
        assert summary.average[place] == pytest.approx(by_seed[loss].mean())
        assert summary.spread[place] == pytest.approx(by_seed[loss].std())


def test_buckets_have_spreads_and_one_seed_has_none(tmp_path: Path) -> None:
    buckets, means, spreads = bucket_means(analysis_of(tmp_path / "three"), View("map", "own", 0))
    assert buckets == ["head", "tail"]
    assert (spreads > 0).all()
    _, alone, none = bucket_means(analysis_of(tmp_path / "one", seeds=(0,)), View("map", "own", 0))
    assert np.isfinite(alone).all()
    assert np.isnan(none).all()
    assert means.shape == spreads.shape == (6, 2)


def test_a_loss_without_results_has_no_mean(tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path, missing=[("asl", None, None, 1)], failed=[("asl", None, None, None)])
    _, means, spreads = bucket_means(analysis, View("map", "own", 0))
    place = analysis.grid.losses.index("asl")
    assert np.isnan(means[place]).all()
    assert np.isnan(spreads[place]).all()
    assert np.isfinite(np.delete(means, place, axis=0)).all()


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_the_bands_of_learning_curves_are_95_percent_intervals(seeds: int, tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path, losses={"bce": 0.0}, datasets=("go_emotions",), seeds=range(seeds))
    scores = analysis.scores("own", "map")[0, 0, 0]
    panel = curve_panels(analysis, "map", "own")[0]
    low, high = stats.t.interval(0.95, seeds - 1, scores.mean(), stats.sem(scores))
    assert panel.mean.item() - panel.half.item() == pytest.approx(low)
    assert panel.mean.item() + panel.half.item() == pytest.approx(high)


def test_one_seed_has_no_band(tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path, losses={"bce": 0.0}, seeds=(0,))
    assert all((panel.half == 0).all() for panel in curve_panels(analysis, "map", "own"))


def test_training_curves_are_of_the_metric_that_each_cell_was_selected_by(tmp_path: Path) -> None:
    frame = load_records(write(tmp_path, World(fractions=(1.0,), keys=KEYS, losses={"bce": 0.0, "asl": 0.0})))
    frame["history/evaluations"] = [
        [{**row, "map": 0.1, "lrap": 0.2} for row in rows] for rows in frame["history/evaluations"]
    ]
    for metric, expected in ((None, 0.1), ("map", 0.1), ("lrap", 0.2)):
        analysis = Analysis(Grid(frame.assign(**{"cell/train/select_metric": metric})))
        curves = training_history(analysis, 0, ["bce", "asl"])["training"]
        scores = [score for task in curves.values() for _, ys in task.values() for score in ys]
        assert scores == pytest.approx([expected] * len(scores))
        assert len(curves) == len(analysis.grid.task_names)
