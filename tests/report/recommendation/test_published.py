"""The scores that come with the package: in step with the published records, small, and enough for advice."""

from pathlib import Path

import pandas as pd
import pytest

from mlbench.errors import DataError
from mlbench.report import recommend
from mlbench.report.recommendation.published import FILE, published_cells, write_published
from tests.report.recommendation.test_recommend import MANY
from tests.report.synthetic import World, write

STUDY = Path(__file__).parents[3] / "results" / "study"


@pytest.mark.skipif(not STUDY.is_dir(), reason="not a checkout")
def test_the_table_is_in_step_with_the_study(tmp_path: Path) -> None:
    made = write_published(STUDY, tmp_path / "published.parquet")
    there = published_cells()
    remedy = "python -m mlbench.report.recommendation.published results/study"
    assert list(there["id"]) == list(made["id"]), f"the study has grown: {remedy}"
    pd.testing.assert_frame_equal(there, pd.read_parquet(tmp_path / "published.parquet"), obj=remedy)


def test_it_is_small() -> None:
    assert FILE.stat().st_size < 1_000_000


def test_advice_needs_no_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = recommend("reuters21578")
    assert found.advice
    assert "from the scores that come with mlbench: " in str(found)
    assert "suite study, TRAINING_VERSION" in found.origin
    assert "commit" in found.origin


def test_records_of_ones_own_go_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "results", MANY)
    assert recommend("go_emotions").origin.startswith("from the records in results: 6 families")


def test_it_advises_as_the_records_that_it_was_made_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path, MANY)
    file = tmp_path / "published.parquet"
    write_published(folder, file)
    monkeypatch.setattr("mlbench.report.recommendation.published.FILE", file)
    monkeypatch.chdir(tmp_path.parent)
    by_records, by_table = recommend("go_emotions", results=folder), recommend("go_emotions")
    assert by_table.advice == by_records.advice
    assert by_table.neighbours == by_records.neighbours
    assert by_table.regrets == by_records.regrets


def test_nothing_finished_makes_no_table(tmp_path: Path) -> None:
    folder = write(
        tmp_path, World(losses={"bce": 0.0}, datasets=("go_emotions",), failed=[(None, None, None, None)])
    )
    with pytest.raises(DataError, match="no finished record"):
        write_published(folder, tmp_path / "published.parquet")
