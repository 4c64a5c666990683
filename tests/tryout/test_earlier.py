"""A folder that holds an earlier try."""

from dataclasses import replace
from pathlib import Path

import pytest

from mlbench.tryout.earlier import go_on, set_aside
from mlbench.tryout.setup import Setup
from tests.tryout.test_timing import SETUP


def _write(folder: Path, setup: Setup) -> Path:
    file = folder / "suite.toml"
    file.write_text(setup.text("", ""))
    return file


def test_the_same_try_goes_on_with_what_was_cut_then(tmp_path: Path) -> None:
    cut = replace(SETUP, seeds=(0, 1), losses=("bce", "asl"), train={"epochs": 3})
    found = go_on(_write(tmp_path, cut), SETUP)
    assert found == cut


@pytest.mark.parametrize("losses", [("bce", "hill"), ("hill",)])
def test_other_losses_and_no_suite_begin_anew(tmp_path: Path, losses: tuple[str, ...]) -> None:
    assert go_on(tmp_path / "suite.toml", SETUP) is None
    assert go_on(_write(tmp_path, replace(SETUP, losses=losses)), SETUP) is None


def test_results_of_another_protocol_are_set_aside_and_of_the_same_are_left(tmp_path: Path) -> None:
    file = _write(tmp_path, SETUP)
    (tmp_path / "t").mkdir()
    assert set_aside(tmp_path, file, replace(SETUP, seeds=(0,))) is None
    shorter = replace(SETUP, train={"epochs": 3})
    assert set_aside(tmp_path, file, shorter) == tmp_path / "t-earlier-1"
    (tmp_path / "t").mkdir()
    assert set_aside(tmp_path, file, shorter) == tmp_path / "t-earlier-2"
