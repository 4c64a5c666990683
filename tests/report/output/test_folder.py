"""Where a report may be written: never over what is not a report."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbench.errors import DataError
from mlbench.report import report
from tests.report.synthetic import World, write

SMALL = World(seeds=(0,), datasets=("digit-scenes",), fractions=(1.0,), keys=("map",))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("packed", [False, True])
def test_a_report_never_writes_over_records(packed: bool, tmp_path: Path) -> None:
    root = write(tmp_path / "results", SMALL, packed=packed)
    before = contents(root)
    for output in (root, root / "synthetic"):
        with pytest.raises(DataError, match="nothing was written"):
            report(root, output, cells=True)
    assert contents(root) == before


def test_a_folder_with_suites_of_ones_own_is_left_alone(tmp_path: Path) -> None:
    root = write(tmp_path / "results", SMALL)
    mine = tmp_path / "mine/suites/my.toml"
    mine.parent.mkdir(parents=True)
    mine.write_text("name = 'my'")
    (tmp_path / "mine/index.html").write_text("<!doctype html><title>my own page</title>")
    with pytest.raises(DataError, match="mine: not empty, and no report"):
        report(root, tmp_path / "mine")
    assert mine.exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    root = write(tmp_path / "results", SMALL)
    (tmp_path / "file").write_text("")
    for output in (tmp_path / "file", tmp_path / "file/below"):
        with pytest.raises(DataError, match="file"):
            report(root, output)


def test_an_empty_folder_and_an_unfinished_report_are_taken(tmp_path: Path) -> None:
    root = write(tmp_path / "results", SMALL)
    (tmp_path / "report").mkdir()
    index = report(root, tmp_path / "report", cells=True)
    index.write_bytes(index.read_bytes()[:300])
    assert "Which loss?" in report(root, tmp_path / "report").read_text()
    assert not (tmp_path / "report/cells").exists(), "the pages of cells were the first report's"
