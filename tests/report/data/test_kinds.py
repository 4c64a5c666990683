"""Records of an older protocol: always marked, and never in one table with newer ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from mlbench.errors import DataError
from mlbench.records import load_records
from mlbench.report import compare, recommend, report
from mlbench.report.data.kinds import RecordKind, kind_of, split
from mlbench.report.data.merge import merge, merge_kinds
from mlbench.version import FAULTS, UNNAMED
from tests.report.synthetic import World, write

NOW = UNNAMED + 5
NEW = World(losses={"bce": 0.0, "asl": 0.1}, datasets=("digit-scenes", "go_emotions"), seeds=(0, 1), keys=("map",),
            fractions=(1.0,), version=NOW, suite="new")  # fmt: skip
OLD = replace(NEW, losses={"bce": 0.1, "asl": 0.0, "msc": 0.0}, version=None, suite="old")
SHORT = f"Results of an older protocol (TRAINING_VERSION {UNNAMED}, now {NOW})"
MARK = f"{SHORT}: {FAULTS[UNNAMED]}."


@pytest.fixture(autouse=True, scope="module")
def raised() -> Iterator[None]:
    """The version is raised five times, and only the fault of the first is known."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mlbench.report.data.kinds.TRAINING_VERSION", NOW)
        patch.setattr("mlbench.report.data.kinds.FAULTS", {UNNAMED: FAULTS[UNNAMED]})
        yield


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """New and old records of the same losses and datasets, and one loss that only the old ones have."""
    folder = tmp_path_factory.mktemp("results")
    write(folder, OLD)
    return write(folder, NEW)


def test_the_mark_says_what_is_wrong_and_present_results_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert RecordKind(UNNAMED).mark == MARK
    assert (RecordKind(NOW).mark, RecordKind(NOW).short) == ("", "")
    assert RecordKind(NOW + 1).mark == "", "made by a newer mlbench"
    assert RecordKind(NOW - 1).mark.endswith("now 7): what it lacks is in the history of mlbench.")
    monkeypatch.setattr("mlbench.report.data.kinds.FAULTS", {2: "one thing", 4: "another"})
    assert RecordKind(2).mark.endswith("): one thing; another."), "all that was mended since"
    assert RecordKind(3).mark.endswith("): another.")


def test_a_record_that_names_no_version_is_old(tmp_path: Path) -> None:
    assert kind_of(load_records(write(tmp_path / "old", OLD))) == RecordKind(UNNAMED)
    assert kind_of(load_records(write(tmp_path / "new", NEW))) == RecordKind(NOW)
    assert kind_of(pd.DataFrame()) == RecordKind(NOW)


def test_kinds_are_told_apart_and_lose_what_only_others_have(both: Path, tmp_path: Path) -> None:
    (kinds,) = split(load_records(both))
    assert {kind: set(cells["suite"]) for kind, cells in kinds.items()} == {
        RecordKind(NOW): {"new"}, RecordKind(UNNAMED): {"old"}}  # fmt: skip
    assert sum(map(len, kinds.values())) == len(load_records(both))
    more = write(tmp_path, replace(NEW, keys=("lrap",), suite="more", version=UNNAMED))
    assert "metrics/test/lrap" not in split(load_records([both, more]))[0][RecordKind(NOW)].columns
    assert split(pd.DataFrame()) == [{}]


def test_merging_keeps_kinds_apart_the_newest_first(both: Path) -> None:
    new, old = merge_kinds([both])
    assert (new.kind, old.kind) == (RecordKind(NOW), RecordKind(UNNAMED))
    assert set(new.cells["loss"]) == {"bce", "asl"}, "and no bce of the old ones in brackets"
    assert set(old.cells["loss"]) == {"bce", "asl", "msc"}
    assert not any("does not count" in problem for problem in (*new.problems, *old.problems))


def test_who_compares_is_told_what_was_left_out(both: Path) -> None:
    merged = merge([both])
    assert merged.kind == RecordKind(NOW)
    assert merged.problems == (f"12 cells of TRAINING_VERSION {UNNAMED}, left out: no table may hold both",)
    assert merge([both / "new"]).problems == ()


def test_who_has_old_records_alone_is_told_what_is_wrong_with_them(both: Path) -> None:
    assert merge([both / "old"]).problems == (MARK.rstrip("."),)
    told = compare("asl", "bce", results=[both / "old"])
    assert f"In the records: {MARK}" in str(told)
    assert told.mean < 0
    fresh = compare("asl", "bce", results=[both])
    assert fresh.mean > 0
    assert SHORT not in str(fresh)
    assert "12 cells of TRAINING_VERSION 2, left out: no table may hold both." in str(fresh)
    assert MARK in str(recommend("go_emotions", results=[both / "old"]))
    assert SHORT not in str(recommend("go_emotions", results=[both]))


def test_folders_of_two_protocols_are_not_compared(both: Path) -> None:
    with pytest.raises(
        DataError, match=r"new holds results of TRAINING_VERSION 7, .*old of 2: results of two protocols"
    ):
        compare(str(both / "new"), str(both / "old"))
    assert compare(str(both / "old"), str(both / "old")).mean == 0


def test_published_results_of_an_older_protocol_do_not_stand_beside_new_ones(
    both: Path, tmp_path: Path
) -> None:
    new, old = merge_kinds([both / "new"], [both / "old"])
    assert not new.cells["published"].any()
    assert old.cells["published"].all()
    index = report(both / "new", tmp_path / "report", against=both / "old")
    assert "Published results stand beside the new ones" not in index.read_text()
    other = tmp_path / "report/others/training-2/index.html"
    assert "All of these results are published ones" in other.read_text()


def test_a_page_of_old_records_says_so_before_anything_else(both: Path, tmp_path: Path) -> None:
    index = report(both / "old", tmp_path / "report", cells=True)
    page = index.read_text()
    assert page.count(MARK) == 1
    assert page.index(MARK) < page.index('class="verdict"') < page.index("<table")
    text = (tmp_path / "report/report.md").read_text()
    assert text.splitlines()[2].startswith("Results of an older protocol")
    for file in (tmp_path / "report/tables").glob("*.md"):
        tables = file.read_text().count("\n### ") + file.read_text().startswith("### ")
        assert file.read_text().count("Results of an older protocol") == tables, (
            f"{file.name}: each table is marked"
        )
    assert "Results of an older protocol" in (tmp_path / "report/report.tex").read_text()
    for file in (tmp_path / "report/tables").glob("*.csv"):
        _, *rows = file.read_text().splitlines()
        assert all(SHORT in row for row in rows), f"{file.name}: each row is marked"
    assert set(pd.read_parquet(tmp_path / "report/cells.parquet")["protocol"]) == {SHORT}
    assert all(MARK in file.read_text() for file in (tmp_path / "report/cells").iterdir()), (
        "each cell's page too"
    )


@pytest.mark.slow
def test_each_kind_has_its_section_and_none_shares_a_table(both: Path, tmp_path: Path) -> None:
    index = report(both, tmp_path / "report")
    page, other = index.read_text(), (tmp_path / "report/others/training-2/index.html").read_text()
    section = re.search(r'<section id="training-2".*?</section>', page, re.DOTALL)
    assert section is not None
    assert section[0].index(MARK) < section[0].index("<table"), "the mark stands above the table"
    assert 'href="others/training-2/index.html"' in section[0]
    rest = page.replace(section[0], "")
    assert 'data-loss="bce"' in rest
    assert 'data-loss="msc"' in section[0]
    assert 'data-loss="msc"' not in rest, "a loss of the old ones alone"
    assert MARK not in rest
    assert MARK in other
    cells = pd.read_parquet(tmp_path / "report/cells.parquet")
    assert set(cells["suite"]) == {"new"}
    assert set(pd.read_parquet(tmp_path / "report/others/training-2/cells.parquet")["suite"]) == {"old"}
    text = (tmp_path / "report/report.md").read_text()
    assert text.index("## Results of TRAINING") > text.rindex(
        "| bce |", 0, text.index("## Results of TRAINING")
    )
    assert "others/training-2/report.md" in text
    report(both / "new", tmp_path / "report")
    assert not (tmp_path / "report/others").exists(), "a second report leaves nothing of other kinds"
    for file in (tmp_path / "report").rglob("*"):
        if file.suffix in (".html", ".md", ".tex", ".csv"):
            assert "older protocol" not in file.read_text(), f"{file.name}: new results have no mark"


def test_new_records_that_all_failed_do_not_hide_the_old_ones(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    write(tmp_path, replace(NEW, failed=[(None, None, None, None)]))
    index = report(tmp_path, tmp_path / "report")
    assert MARK in index.read_text()
    assert f"In the records: 8 cells of TRAINING_VERSION {NOW}: none finished" in index.read_text()
    assert merge([tmp_path / "new", tmp_path / "old"]).kind == RecordKind(UNNAMED)
