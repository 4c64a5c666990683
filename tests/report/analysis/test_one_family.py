"""One family of datasets is no sample of families: what can be said of it is by test rows and seeds."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from mlbench.report import compare, report
from mlbench.report.analysis import Analysis
from mlbench.report.data.grid import Grid
from mlbench.report.data.merge import merge
from mlbench.report.data.replicates import StoredReplicates
from mlbench.report.figures.jobs import _block_jobs, _subject, styles_of
from mlbench.report.page.board import board
from mlbench.report.page.sections import _one_family
from mlbench.report.tables.comparison import comparison_table
from mlbench.report.tables.glance import glance_table
from mlbench.report.text.answer import ONE_FAMILY, answer
from mlbench.report.text.evidence import evidence
from tests.report.exact import VIEW, write_exact


def scores(asl: float, focal: float, *, datasets: int = 1, seeds: int = 3) -> dict[str, np.ndarray]:
    """asl and focal so much ahead of bce on every dataset, with a spread of 0.004."""
    random = np.random.default_rng(0)
    gains = {"asl": asl, "bce": 0.0, "focal": focal}
    return {loss: 0.5 + gain + 0.004 * random.normal(size=(datasets, seeds)) for loss, gain in gains.items()}


def analysis_of(root: Path) -> Analysis:
    """With the replicates that lie beside the records."""
    grid = Grid(merge([root]).cells)
    return Analysis(grid, StoredReplicates(grid, [root], ["map"]))


FAR = {"asl": 0.2, "focal": -0.1}
NEAR = {"asl": 0.2, "focal": 0.2}


def test_a_clear_winner_leads_and_nothing_is_said_of_other_data(tmp_path: Path) -> None:
    analysis = analysis_of(write_exact(tmp_path, scores(**FAR), replicates=0.01))
    lines = answer(analysis, VIEW)
    assert lines[0] == "asl leads, ahead of all others"
    assert lines[1] == ONE_FAMILY
    number = r"0\.\d{3} better"
    interval = rf"\(95 % interval {number} to {number}, by test rows and seeds\)"
    assert re.fullmatch(rf"bce comes next: asl is {number} {interval}\.", lines[2])
    assert lines[-1] == (
        "Which losses may be as good is tested with Holm's correction over all pairs; each interval is of one pair."
    )
    assert evidence(analysis, VIEW) == []
    assert glance_table(analysis).rows[0].entries[1].plain == "asl"
    assert "On one family the first loss" in glance_table(analysis).caption
    assert "average rank" not in " ".join(lines) + glance_table(analysis).caption


def test_what_is_not_significantly_different_may_be_as_good_wherever_it_is_said(tmp_path: Path) -> None:
    analysis = analysis_of(write_exact(tmp_path, scores(**NEAR), replicates=0.01))
    first = analysis.ranking(VIEW).best  # type: ignore[union-attr]
    other = "focal" if first == "asl" else "asl"
    assert answer(analysis, VIEW)[0] == f"{first} ranks first; {other} may be as good"
    assert glance_table(analysis).rows[0].entries[1].plain == f"{first} (+1)"
    rows = {row.loss: row for row in board(analysis, VIEW, styles_of(analysis))}
    assert [rows[loss].best for loss in ("asl", "focal", "bce")] == ["may be", "may be", "no"]
    within = analysis.within(VIEW)[0]
    assert [bool(alike) for alike in within.near_best] == [True, False, True], (
        "as underlined in the table of scores"
    )


def test_nothing_known_of_the_spread_rules_nobody_out(tmp_path: Path) -> None:
    analysis = analysis_of(write_exact(tmp_path, scores(**FAR, seeds=1)))
    lines = answer(analysis, VIEW)
    assert lines[0] == "asl ranks first; bce and focal may be as good"
    assert "(nothing says how sure that is)" in lines[2]
    assert lines[-1] == "With nothing that says how sure a difference is, no loss can be ruled out."
    page, table = _one_family(analysis), comparison_table(analysis, VIEW)
    for text in (page, glance_table(analysis).caption, table.caption, *lines):  # type: ignore[union-attr]
        assert "test rows" not in text
        assert "seeds alone" not in text
        assert "Holm" not in text
    assert glance_table(analysis).rows[0].entries[1].plain == "asl (+2)"
    still = {loss: np.repeat(table[:, :1], 2, axis=1) for loss, table in scores(**FAR).items()}
    steady = analysis_of(write_exact(tmp_path / "steady", still))
    assert answer(steady, VIEW)[0] == "asl ranks first; bce and focal may be as good"
    assert "unknown: no spread" in str(compare("asl", "bce", results=tmp_path / "steady"))


def test_the_board_has_no_rank_intervals_and_the_control_table_no_families(tmp_path: Path) -> None:
    analysis = analysis_of(write_exact(tmp_path, scores(**FAR), replicates=0.01))
    rows = board(analysis, VIEW, styles_of(analysis))
    assert {(row.interval, row.first) for row in rows} == {("", "")}
    table = comparison_table(analysis, VIEW)
    assert table is not None
    assert [column.title for column in table.columns] == ["loss", "difference", "95 % interval"]
    assert "without a correction" in table.caption
    assert list(_block_jobs(analysis, VIEW, _subject(analysis, VIEW))) == []


@pytest.mark.parametrize("datasets", [1, 3])
def test_the_page_the_table_and_compare_agree(datasets: int, tmp_path: Path) -> None:
    families = {f"set-{number}": "all" for number in range(datasets)}
    root = write_exact(tmp_path, scores(0.02, 0.01, datasets=datasets), families=families, replicates=0.01)
    analysis = analysis_of(root)
    found, duels = analysis.on_one_family(VIEW, "asl", "bce"), compare("asl", "bce", results=root).duels
    assert found is not None
    assert found.mean == pytest.approx(np.mean([duel.difference.mean for duel in duels]))
    assert found.low == pytest.approx(np.mean([duel.difference.low for duel in duels]))
    row = next(row for row in comparison_table(analysis, VIEW).rows if row.entries[0].text == "asl")  # type: ignore[union-attr]
    assert row.entries[1].value == found.mean
    ends = [f"{abs(end):.3f}" for end in (found.low, found.high)]
    assert all(end in row.entries[2].text for end in ends)
    told = str(compare("asl", "bce", results=root))
    assert "1 family says nothing of others" in told
    assert (
        "Intervals within a dataset are by test rows and seeds; all are of this one comparison, without a "
        in told
    )
    assert "corrected by Holm over all pairs of losses." in told


def test_the_page_of_one_family_has_no_section_across_families(tmp_path: Path) -> None:
    one = report(write_exact(tmp_path / "one", scores(**FAR), replicates=0.01), tmp_path / "page").read_text()
    many = report(write_exact(tmp_path / "many", scores(**FAR, datasets=3)), tmp_path / "pages").read_text()
    for text in ('data-slot="profiles"', 'data-slot="differences"', 'data-slot="wins"', 'data-slot="evidence"',
                 "Average rank over families of datasets", ", across families, and how sure"):  # fmt: skip
        assert text not in one, text
        assert text in many, text
    assert (
        "significantly different from the first one (by test rows and seeds, 5 %, Holm over all pairs)" in one
    )
    assert "One family of datasets" not in many
    assert not list((tmp_path / "page/figures").glob("profiles-*"))
    assert not list((tmp_path / "page/figures").glob("wins-*"))
