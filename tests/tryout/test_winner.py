"""Which cell a try exports, and what it says where it cannot."""

from pathlib import Path

from mlbench.records import Store
from mlbench.runner import RunOptions
from mlbench.suite import parse_suite
from mlbench.tryout.winner import best_seed, export_winner
from tests.report.synthetic import World, records

SUITE = """
name = "digit-scenes"
losses = ["bce", "asl"]
seeds = [0, 1, 2]
[[datasets]]
name = "digit-scenes"
"""


def _store(folder: Path) -> Store:
    """Records of two losses whose validation and test scores disagree on the seed."""
    store = Store(folder / "digit-scenes")
    store.prepare()
    world = World(
        losses={"bce": 0.0, "asl": 0.1}, datasets=("digit-scenes",), fractions=(1.0,), seeds=(0, 1, 2)
    )
    for record, _ in records(world):
        seed = record["cell"]["seed"]
        record["metrics"]["validation"]["map"] = {0: 0.5, 1: 0.7, 2: 0.6}[seed]
        record["metrics"]["test"]["map"] = {0: 0.9, 1: 0.1, 2: 0.2}[seed]
        store.write(record, None)
    return store


def test_the_seed_is_the_best_on_validation_whatever_test_says(tmp_path: Path) -> None:
    found = best_seed(_store(tmp_path), "asl")
    assert found is not None
    assert (found["cell"]["loss"]["id"], found["cell"]["seed"]) == ("asl", 1)


def test_a_loss_without_a_finished_cell_has_no_model(tmp_path: Path) -> None:
    store = _store(tmp_path)
    assert best_seed(store, "kmcl") is None
    found = export_winner(parse_suite(SUITE, "suite"), "kmcl", store.folder, tmp_path / "model", RunOptions())
    assert found.folder is None
    assert found.said == "no model: kmcl has no finished cell"


def test_what_stands_in_the_way_costs_the_model_alone(tmp_path: Path) -> None:
    """The folder is somebody else's."""
    store = _store(tmp_path)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.txt").write_text("mine")
    found = export_winner(parse_suite(SUITE, "suite"), "asl", store.folder, tmp_path / "model", RunOptions())
    assert found.folder is None
    assert found.said.startswith("no model: ")
    assert (tmp_path / "model" / "mine.txt").read_text() == "mine"
