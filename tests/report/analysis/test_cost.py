"""Ratios of costs: the least is 1, and what is no more than noise is not told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlbench.report.analysis import Analysis, View
from mlbench.report.analysis.cost import over_the_least
from mlbench.report.data.grid import Grid
from mlbench.report.data.merge import merge
from mlbench.report.figures.data import relative_cost
from mlbench.report.tables.cost import cost_tables
from tests.report.synthetic import World, write


def noisy(factors: list[float], tasks: int, seeds: int, noise: float, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    base = random.uniform(1, 100, size=tasks)[None, :, None]
    return (
        np.array(factors)[:, None, None]
        * base
        * np.exp(noise * random.normal(size=(len(factors), tasks, seeds)))
    )


def test_ratios_are_geometric_means_over_shared_tasks() -> None:
    values = np.array(
        [[[2.0, 2.0], [30.0, 30.0]], [[1.0, 1.0], [10.0, 10.0]], [[4.0, 4.0], [np.nan, np.nan]]]
    )
    found = over_the_least(values)
    np.testing.assert_allclose(found.ratio, [2, 1, 4])
    assert found.differs.tolist() == [True, False, True], "seeds agree to the last digit: no noise"
    assert np.isnan(over_the_least(np.full((2, 1, 1), np.nan)).ratio).all()


def test_losses_of_equal_cost_hardly_ever_differ() -> None:
    """In a twentieth of the draws at most, whichever happens to be the least."""
    for losses, tasks, seeds in ((10, 6, 2), (3, 1, 2), (30, 7, 1)):
        draws = [noisy([1.0] * losses, tasks, seeds, 0.1, seed) for seed in range(400)]
        assert np.mean([over_the_least(draw).differs.any() for draw in draws]) < 0.08


@pytest.mark.parametrize(("seeds", "tasks"), [(2, 6), (1, 6), (3, 1)])
def test_a_loss_that_costs_more_is_told(seeds: int, tasks: int) -> None:
    found = [over_the_least(noisy([1.0, 1.02, 2.0], tasks, seeds, 0.03, seed)) for seed in range(50)]
    assert all(each.differs[2] for each in found)
    assert np.mean([each.differs[:2].any() for each in found]) < 0.3


def test_one_cell_tells_nothing() -> None:
    found = over_the_least(np.array([[[1.0]], [[3.0]]]))
    np.testing.assert_allclose(found.ratio, [1, 3])
    assert not found.differs.any()


def test_tables_and_figures_print_no_ratio_within_the_noise(tmp_path: Path) -> None:
    """kmcl and msc cost half as much again, the others the same to the last digit."""
    root = write(tmp_path, World(fractions=(1.0,), keys=("map",)))
    grid = Grid(merge([root]).cells)
    table = next(table for table in cost_tables(grid, 0) if table.key.startswith("time"))
    assert {row.entries[0].text: row.entries[1].text for row in table.rows} == {
        **dict.fromkeys(("asl", "bce", "focal", "supcon"), "1.00"),
        **dict.fromkeys(("kmcl", "msc"), "1.50"),
    }
    random = np.random.default_rng(0)
    of = grid.values("timing/cost")
    of *= np.exp(0.02 * random.normal(size=of.shape))
    table = next(table for table in cost_tables(grid, 0) if table.key.startswith("time"))
    ratios = {row.entries[0].text: row.entries[1].text for row in table.rows}
    assert sorted(ratios.values())[:1] == ["1.00"]
    assert sorted(ratios[loss] for loss in ("asl", "bce", "focal", "supcon")) == ["1.00", "≈", "≈", "≈"]
    assert all(1.4 < float(ratios[loss]) < 1.6 for loss in ("kmcl", "msc"))
    cost, _ = relative_cost(Analysis(grid), View("map", "own", 0), range(len(grid.losses)))
    assert sorted(cost)[:4] == [1.0] * 4
    assert min(sorted(cost)[4:]) > 1.4
