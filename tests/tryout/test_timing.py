"""What is cut to a budget, by measurements that are made up."""

import math
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
from mlbench.tryout.timing import KEPT, UPDATES, Pace, fit, needs

PARAMETERS = {"path": "t.csv", "text": "body", "labels": "tags", "separator": ";"}
SETUP = Setup(Data("t", PARAMETERS, (), cast(Any, None)), EncoderChoice("bag", "words"))
LONG, ROWS = replace(SETUP, train={"min_steps": UPDATES, "epochs": 280}), 1400
"""A training of 3,080 updates."""
LONG_MADE = {90: 600, 1400: 3080, 60_000: 280 * 469}
"""Its updates by the training rows."""


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
    ("seconds", "seeds", "losses", "epochs"),
    [
        (60, 2, 6, 280),
        (100, 2, 4, 280),
        (160, 2, 3, 280),
        (200, 2, 3, 196),
        (400, 2, 3, 110),
        (9000, 2, 3, 110),
    ],
)
def test_seeds_are_cut_before_losses_and_these_before_updates(
    monkeypatch: pytest.MonkeyPatch, seconds: float, seeds: int, losses: int, epochs: int
) -> None:
    setup, _ = fit(LONG, _pace(monkeypatch, seconds / 10), ROWS, 600)
    assert (len(setup.seeds), setup.losses, setup.train["epochs"]) == (seeds, LOSSES[:losses], epochs)
    assert len(setup.cut) == sum((seeds < 3, losses < 6, epochs < 280)), "and each cut is said"


@pytest.mark.parametrize("seconds", [0.1, 5.0, 90.0, 5e6])
def test_no_budget_leaves_fewer_than_two_seeds_three_losses_or_the_floor_of_updates(
    monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    for rows in (90, 1400, 60_000):
        setup, takes = fit(LONG, _pace(monkeypatch, seconds), rows, 600)
        train = setup.suite().cells()[0].train
        made = train.epochs_over(rows) * math.ceil(rows / min(rows, train.batch_size))
        assert len(setup.seeds) >= 2
        assert len(setup.losses) >= 3
        assert made >= min(KEPT, LONG_MADE[rows])
        assert takes is not None
        assert takes <= 600 or made < KEPT + math.ceil(rows / train.batch_size), (
            "only the least may take longer"
        )


def test_what_is_short_already_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    setup, _ = fit(replace(SETUP, train={"min_steps": UPDATES}), _pace(monkeypatch, 9000), 1400, 600)
    assert setup.train == {"min_steps": UPDATES}


def test_two_losses_that_were_asked_for_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    setup, _ = fit(replace(SETUP, losses=("bce", "asl"), seeds=(0,)), _pace(monkeypatch, 9000), 1400, 600)
    assert (setup.losses, setup.seeds) == (("bce", "asl"), (0,))


def test_losses_that_were_left_out_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    setup, _ = fit(SETUP, _pace(monkeypatch, 100), 1400, 600)
    assert any(f"without {', '.join(LOSSES[len(setup.losses) :])}" in each for each in setup.cut)


def test_a_model_that_is_trained_once_more_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = _pace(monkeypatch, 5.0)
    once, more = pace.seconds(SETUP), replace(pace, again=1).seconds(SETUP)
    assert once is not None
    assert more == pytest.approx(once + timing.MARGIN * 5.0)


def test_samples_are_prepared_once_a_process_and_not_once_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = replace(_pace(monkeypatch, 50.0), records={needs("bce"): {"timing": {"prepare": 45.0}}})
    assert pace.seconds(SETUP) == pytest.approx(timing.START + timing.MARGIN * (18 * 5.0 / 2 + 2 * 45.0))


def test_where_nothing_could_be_measured_in_its_time_the_least_is_run() -> None:
    setup, takes = fit(SETUP, Pace({}, 1), 1400, 600)
    assert takes is None
    assert (len(setup.seeds), setup.losses) == (2, LOSSES[:3])


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
