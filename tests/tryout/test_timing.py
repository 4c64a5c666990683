"""What is cut to a budget, by measurements that are made up."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from mlbench.suite.defaults import LOSSES
from mlbench.tryout import timing
from mlbench.tryout.data import Data
from mlbench.tryout.encoder import EncoderChoice
from mlbench.tryout.setup import Setup
from mlbench.tryout.timing import Pace, fit, needs

PARAMETERS = {"path": "t.csv", "text": "body", "labels": "tags", "separator": ";"}
SETUP = Setup(Data("t", PARAMETERS, (), cast(Any, None)), EncoderChoice("bag", "words"))


def _pace(monkeypatch: pytest.MonkeyPatch, seconds: float) -> Pace:
    """A cell whose loss makes all its updates takes `seconds`, another in proportion."""

    def takes(cell: Any, _: Any) -> Any:
        return SimpleNamespace(seconds=seconds * cell.train.epochs_over(1400) / 28)

    monkeypatch.setattr(timing, "extrapolated", takes)
    return Pace({needs("bce"): {}}, slots=2)


def test_what_fits_is_left_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    setup, takes = fit(SETUP, _pace(monkeypatch, 5.0), 1400, 600)
    assert setup == SETUP
    assert takes == pytest.approx(timing.START + timing.MARGIN * 18 * 5.0 / 2)


@pytest.mark.parametrize(
    ("seconds", "seeds", "epochs", "losses"),
    [(60, 2, None, 6), (100, 2, 14, 6), (200, 1, 14, 6), (400, 1, 7, 6), (800, 1, 7, 4), (9000, 1, 3, 2)],
)
def test_seeds_are_cut_before_updates_and_these_before_losses(
    monkeypatch: pytest.MonkeyPatch, seconds: float, seeds: int, epochs: int | None, losses: int
) -> None:
    setup, _ = fit(SETUP, _pace(monkeypatch, seconds), 1400, 600)
    assert (len(setup.seeds), setup.train.get("epochs"), setup.losses) == (seeds, epochs, LOSSES[:losses])
    assert len(setup.cut) == sum((seeds < 3, epochs is not None, losses < 6)), "and each cut is said"


def test_where_nothing_could_be_measured_in_its_time_the_least_is_run() -> None:
    setup, takes = fit(SETUP, Pace({}, 1), 1400, 600)
    assert takes is None
    assert (len(setup.seeds), setup.losses) == (1, LOSSES[:2])


def test_fewer_updates_are_made_indeed(monkeypatch: pytest.MonkeyPatch) -> None:
    setup, _ = fit(SETUP, _pace(monkeypatch, 400), 1400, 600)
    whole, cut = (each.suite().cells()[0].train.epochs_over(1400) for each in (SETUP, setup))
    assert cut <= whole / 3.9


def test_the_suite_says_what_was_cut_and_is_read_back(tmp_path: Path) -> None:
    cut = replace(SETUP, seeds=(0,), train={"epochs": 3}, cut=("seeds: 1 of 3",))
    text = cut.text("mlbench try t.csv", "mlbench run x.toml")
    assert "# Cut to the budget: seeds: 1 of 3" in text
    (tmp_path / "x.toml").write_text(text)
    suite = cut.suite()
    assert suite.seeds == [0]
    assert {cell.train.epochs for cell in suite.cells()} == {3}
    assert suite.cells()[0].dataset_parameters["separator"] == ";"


def test_many_label_columns_stand_on_several_lines() -> None:
    names = [f"label, {number}" for number in range(40)]
    wide = replace(SETUP, data=replace(SETUP.data, parameters={**PARAMETERS, "labels": names}))
    assert wide.suite().cells()[0].dataset_parameters["labels"] == names
    assert max(map(len, wide.text("", "").splitlines())) < 125
