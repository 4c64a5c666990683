"""Every sentence of the verdict, on records that make it true and on records that make it false."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlbench.errors import ConfigError
from mlbench.report import compare, report
from mlbench.report.analysis import Analysis
from mlbench.report.figures.jobs import styles_of
from mlbench.report.page.board import board
from mlbench.report.statistics.power import families_needed
from mlbench.report.tables.comparison import comparison_table
from mlbench.report.tables.glance import glance_table
from mlbench.report.text.answer import answer
from mlbench.report.text.evidence import evidence, no_diagram
from tests.report.exact import VIEW, analysis_of, exact, offsets, write_exact


def said(analysis: Analysis) -> str:
    return " ".join([*answer(analysis, VIEW), *evidence(analysis, VIEW)])


def caption(analysis: Analysis) -> str:
    table = comparison_table(analysis, VIEW)
    assert table is not None
    return table.caption


def with_control(scores: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The last loss under the control's name."""
    *others, last = scores
    return {**{loss: scores[loss] for loss in others}, "bce": scores[last]}


def test_who_leads_alone_is_ahead_of_all_others(tmp_path: Path) -> None:
    analysis = exact(tmp_path, offsets(8, 0.2, 0, 0))
    assert answer(analysis, VIEW)[0] == "a leads, ahead of all others"
    assert "With 95 % confidence the best of the 3 losses is a (stepwise sign flips of families)." in said(
        analysis
    )
    assert [row.best for row in board(analysis, VIEW, styles_of(analysis))] == ["may be", "no", "no"]
    assert glance_table(analysis).rows[0].entries[1].plain == "a (1.0)"


def test_two_that_are_alike_may_both_be_the_best(tmp_path: Path) -> None:
    analysis = exact(tmp_path, offsets(12, 0, 0, -0.2, -0.2))
    first = analysis.ranking(VIEW).best  # type: ignore[union-attr]
    other = "b" if first == "a" else "a"
    assert answer(analysis, VIEW)[0] == f"{first} ranks first; {other} may be as good"
    assert (
        "With 95 % confidence the best of the 4 losses are among 2 losses (stepwise sign flips of families); "
        "ruled out: " in said(analysis)
    )
    assert {row.loss: row.best for row in board(analysis, VIEW, styles_of(analysis))} == {
        "a": "may be", "b": "may be", "c": "no", "d": "no"
    }  # fmt: skip
    assert glance_table(analysis).rows[0].entries[1].note.endswith(", +1")


def test_where_nobody_can_be_ruled_out_it_says_so(tmp_path: Path) -> None:
    analysis = exact(tmp_path, offsets(12, 0, 0, 0, 0, 0))
    assert " ranks first; any of the other 4 losses may be as good" in answer(analysis, VIEW)[0]
    assert "No loss can be ruled out as the best (sign flips of families, 95 % confidence)." in said(analysis)
    assert "ruled out:" not in said(analysis)


def test_the_first_by_rank_may_be_no_best_one(tmp_path: Path) -> None:
    """a is ahead on 31 of 60 families by little, b on 29 by much."""
    a = 0.5 + 1e-5 * np.random.default_rng(0).normal(size=(60, 1))
    b = a + np.where(np.arange(60) < 29, 0.1, -0.001)[:, None]
    analysis = exact(tmp_path, {"a": a, "b": b})
    assert analysis.ranking(VIEW).best == "a"  # type: ignore[union-attr]
    assert analysis.confidence_set(VIEW) == ("b",)
    assert answer(analysis, VIEW)[0] == "a ranks first, but b may be better"
    assert [row.best for row in board(analysis, VIEW, styles_of(analysis))] == ["no", "may be"]


@pytest.mark.parametrize("families", [2, 5])
def test_over_few_families_the_best_cannot_be_tested(families: int, tmp_path: Path) -> None:
    analysis = exact(tmp_path, offsets(families, 0.2, 0, 0, 0, 0))
    assert (
        f"Which losses may be the best can be tested over 6 families or more; here are {families}."
        in said(analysis)
    )
    assert answer(analysis, VIEW)[0] == (
        f"a ranks first; over {families} families it cannot be tested which others may be as good"
    )
    assert [row.best for row in board(analysis, VIEW, styles_of(analysis))] == [""] * 5
    assert glance_table(analysis).rows[0].entries[1].plain == "a (1.0, +4)", "no more than the board says"
    assert "can be tested over" not in said(exact(tmp_path / "more", offsets(6, 0.2, 0, 0)))


@pytest.mark.parametrize(("families", "tested"), [(5, False), (6, True)])
def test_losses_that_are_level_have_others_beside_them_where_that_can_be_tested(
    families: int, tested: bool, tmp_path: Path
) -> None:
    scores = offsets(families, 0.2)
    ahead_on_two = np.where(np.arange(families) < 2, 0.01, -0.01)[:, None]
    analysis = exact(
        tmp_path / "three", {"a": scores["a"], "b": scores["a"], "c": scores["a"] + ahead_on_two}
    )
    first = answer(analysis, VIEW)[0].split(" (")[0]
    assert analysis.confidence_set(VIEW) == ("a", "b", "c")
    said_of_c = (
        "c may be as good" if tested else "over 5 families it cannot be tested which others may be as good"
    )
    assert first.startswith(f"a and b are level in first place; {said_of_c}")
    two = exact(tmp_path / "two", {"a": scores["a"], "b": scores["a"]})
    assert answer(two, VIEW)[0] == "a and b are level"


def test_what_nemenyi_says_over_few_families_is_not_contradicted(tmp_path: Path) -> None:
    """Its verdict on one loss, and that any loss may be as good as the first, cannot both stand there."""
    few = said(exact(tmp_path / "few", with_control(offsets(5, 0.5, 0.4, 0.3, 0.2, 0.1, 0))))
    assert "By Nemenyi's test of average ranks a is significantly different from " in few
    assert "losses may be as good" not in few
    assert "no loss can be ruled out" not in few.lower()
    many = said(exact(tmp_path / "many", offsets(12, 0, 0, 0, 0, 0)))
    assert "any of the other 4 losses may be as good" in many
    assert "Nemenyi" not in many


def test_friedman_speaks_by_its_own_limit(tmp_path: Path) -> None:
    """Over three families: Wilcoxon and the sign flips cannot speak, Friedman does, and so may Nemenyi."""
    losses = with_control(offsets(3, 0.5, 0.4, 0.3, 0.2, 0.1, 0))
    analysis = exact(tmp_path, losses)
    found = analysis.friedman(VIEW)
    assert found is not None
    assert found.rejects
    words = (
        f"Over all 6 losses Friedman: χ² = {found.chi2:.2f}, p = {found.p:.2g}; Iman–Davenport: F = ∞, p = 0"
    )
    assert (
        f"{words}: they differ. By Nemenyi's test of average ranks a is significantly different from bce."
        in said(analysis)
    )
    assert words in caption(analysis)
    assert (
        "No p-values: the smallest that Wilcoxon's test can reach over 3 families, 0.25, is above Holm's "
        in caption(analysis)
    )
    assert no_diagram(analysis, VIEW) == ""
    assert "could not reach significance" not in said(analysis)
    assert "would do" not in said(analysis) + caption(analysis)


def test_where_friedman_does_not_reject_there_is_no_nemenyi(tmp_path: Path) -> None:
    analysis = exact(tmp_path, with_control(offsets(8, 0, 0, 0, 0)))
    found = analysis.friedman(VIEW)
    assert found is not None
    assert found.p > 0.05
    assert analysis.nemenyi(VIEW) is None
    assert f"p = {found.p_f:.2g}: not enough to say that they differ." in said(analysis)
    assert "Nemenyi" not in said(analysis)
    assert no_diagram(analysis, VIEW) == (
        "No critical-difference diagram: Friedman's test does not say that the losses differ "
        f"(p = {found.p:.2g})."
    )
    assert "Over all 4 losses Friedman: χ² = " in caption(analysis)


def test_by_nemenyi_the_first_may_differ_from_no_other(tmp_path: Path) -> None:
    noise = np.random.default_rng(17).normal(size=(4, 8))
    scores = (0.5 + 0.01 * (noise - np.repeat([0, 1], 4))).T
    analysis = exact(tmp_path, {name: row[:, None] for name, row in zip("abcdefgh", scores, strict=True)})
    p, ranking = analysis.nemenyi(VIEW), analysis.ranking(VIEW)
    assert p is not None
    assert ranking is not None
    assert (p[ranking.order[0]] > 0.05).all()
    assert (
        f"they differ. By Nemenyi's test of average ranks {ranking.best} is significantly different from no other loss."
    ) in said(analysis)


def test_a_diagram_needs_three_losses_and_two_families(tmp_path: Path) -> None:
    assert no_diagram(exact(tmp_path / "two", offsets(10, 0.1, 0)), VIEW) == (
        "A critical-difference diagram needs three losses."
    )
    assert no_diagram(exact(tmp_path / "one", offsets(1, 0.1, 0, 0)), VIEW) == (
        "No critical-difference diagram: there is one family."
    )
    level = dict.fromkeys("abc", np.full((4, 2), 0.5))
    assert no_diagram(exact(tmp_path / "level", level), VIEW) == (
        "No critical-difference diagram: all losses are level."
    )
    assert "Friedman" not in said(exact(tmp_path / "again", level))


def test_wilcoxon_speaks_by_its_own_limit(tmp_path: Path) -> None:
    few = exact(tmp_path / "few", with_control(offsets(6, 0.2, 0.1, 0)))
    assert (
        "No p-values: the smallest that Wilcoxon's test can reach over 6 families, 0.031, is above Holm's first "
        in (caption(few))
    )
    assert "level for 2 comparisons, 0.025." in caption(few)
    assert all(pair.p is None for pair in few.pairs(VIEW))
    assert "Wilcoxon, Holm: p" not in said(few)
    enough = exact(tmp_path / "enough", with_control(offsets(7, 0.2, 0.1, 0)))
    assert "Bold: significantly different from the control (Wilcoxon, Holm, 5 %)." in caption(enough)
    assert "(Wilcoxon, Holm: p = 0.0312, significantly different)" in said(enough)
    level = with_control(offsets(7, 0, 0, 0))
    level["a"][:4] += 0.01
    alike = exact(tmp_path / "alike", level)
    assert alike.ranking(VIEW).best == "a"  # type: ignore[union-attr]
    assert ", not significantly different)" in said(alike)


def spanned(gain: float, *, families: int = 8, floor: float | list[float] = 0.0) -> dict[str, object]:
    """Two losses, one ahead of the other by so much of the span, on families of unlike spans."""
    random = np.random.default_rng(0)
    bce = np.linspace(0.2, 0.9, families)[:, None] + np.zeros((1, 2))
    asl = bce + gain * (bce - np.reshape(floor, (-1, 1))) * (1 + 0.02 * random.normal(size=(families, 1)))
    return {"scores": {"asl": asl, "bce": bce}, "floor": floor}


@pytest.mark.parametrize(
    ("gain", "word", "sentence"),
    [
        (0.1, "better by 2 % or more", "Across families: asl is better than bce: asl − bce is +"),
        (
            0.01,
            "better, but equal",
            "Across families: asl is better than bce, but the two are practically equal (within 2 % of ",
        ),
        (
            0.0,
            "equal",
            "Across families: the two are practically equal (within 2 % of a family's span): asl − bce is 0.0 %",
        ),
        (-0.1, "worse by 2 % or more", "Across families: bce is better than asl: bce − asl is +"),
    ],
)
def test_the_page_the_table_and_compare_judge_alike(
    gain: float, word: str, sentence: str, tmp_path: Path
) -> None:
    root = write_exact(tmp_path, **spanned(gain))  # type: ignore[arg-type]
    analysis = analysis_of(root)
    row = comparison_table(analysis, VIEW).rows[0]  # type: ignore[union-attr]
    assert row.entries[8].text == word
    if gain:
        assert sentence in said(analysis)
    verdict = compare("asl", "bce", results=root).verdict
    assert sentence.replace("bce − asl is +", "asl − bce is −") in verdict
    ends = row.entries[7].note.split(" to ")
    assert f"(95 % interval {ends[0]} to {ends[1]} %)" in verdict


def test_families_with_little_between_floor_and_best_are_named_and_left_out(tmp_path: Path) -> None:
    flat = write_exact(tmp_path / "flat", **spanned(0.1, floor=[0.2, *[0.0] * 7]))  # type: ignore[arg-type]
    text = (
        "Left out of shares, verdicts and P, so that there N = 7, since less than 0.05 lies between floor and best: "
        "set-0."
    )
    assert text in caption(analysis_of(flat))
    assert analysis_of(flat).region(VIEW).narrow == ("set-0",)  # type: ignore[union-attr]
    assert "lies between floor and best: set-0." in compare("asl", "bce", results=flat).verdict
    wide = write_exact(tmp_path / "wide", **spanned(0.1))  # type: ignore[arg-type]
    assert "Left out" not in caption(analysis_of(wide)) + compare("asl", "bce", results=wide).verdict


def test_the_region_is_said_in_points_and_follows_the_option(tmp_path: Path) -> None:
    root = write_exact(tmp_path, **spanned(0.01))  # type: ignore[arg-type]
    analysis = analysis_of(root)
    low, high = analysis.region(VIEW).points  # type: ignore[misc, union-attr]
    text = (
        "The region of equivalence is 2 % of a family's span from floor to best: "
        f"{low:.3f} to {high:.3f} points, by family."
    )
    assert text in caption(analysis)
    assert text in said(analysis)
    narrow = Analysis(analysis.grid, rope=0.005)
    assert "The region of equivalence is 0.5 % of a family's span" in said(narrow)
    assert "practically equal" in compare("asl", "bce", results=root).verdict
    assert "practically equal" not in compare("asl", "bce", results=root, rope=0.005).verdict
    with pytest.raises(ConfigError, match="between 0 and 1"):
        compare("asl", "bce", results=root, rope=2)
    with pytest.raises(ConfigError, match="between 0 and 1"):
        report(root, tmp_path / "report", rope=0)


def test_a_family_that_carries_the_difference_is_named_in_the_headline(tmp_path: Path) -> None:
    scores = offsets(8, 0.02, 0)
    scores = {"asl": scores["a"], "bce": scores["b"]}
    even = exact(tmp_path / "even", scores)
    assert "more than half" not in answer(even, VIEW)[0]
    scores["asl"][3] += 0.4
    lone = write_exact(tmp_path / "lone", scores)
    assert answer(analysis_of(lone), VIEW)[0].endswith(
        "; set-3 alone makes more than half of its difference from bce"
    )
    assert "set-3 alone makes more than half of the mean" in str(compare("asl", "bce", results=lone))
    found = analysis_of(lone).pairs(VIEW)[0].differences
    ends = f"{found.low:.3f} better to {found.high:.3f} better when one family is left out)"
    assert f"(median {found.median:.3f} better; {ends}" in said(analysis_of(lone))
    assert f"mean over families {found.mean:+.3f}, median {found.median:+.3f}; {found.low:+.3f} to" in str(
        compare("asl", "bce", results=lone)
    )
    assert f"median +{found.median:.3f}; +{found.low:.3f} to +{found.high:.3f} without one" in (
        board(analysis_of(lone), VIEW, styles_of(analysis_of(lone)))[0].without
    )
    assert (
        comparison_table(analysis_of(lone), VIEW).rows[0].entries[1].note
        == f"+{found.low:.3f} to +{found.high:.3f} without one"
    )  # type: ignore[union-attr]
    scores["asl"][5] += 0.4
    scores["asl"][[0, 1, 2, 4, 6, 7]] -= 0.05
    both = exact(tmp_path / "both", scores)
    assert answer(both, VIEW)[0].endswith(
        "; set-3 and set-5 each make more than half of its difference from asl"
    )


def test_power_is_said_instead_of_how_many_would_do(tmp_path: Path) -> None:
    """Few families and many losses find nothing, however large; more find what the sentence says."""
    few = exact(tmp_path / "few", with_control(offsets(6, 0.1, 0.05, 0)))
    blocks, region = few.blocks(VIEW), few.region(VIEW)
    assert blocks is not None
    assert region is not None
    spreads = [np.std(region.shares(blocks.differences(loss, "bce")), ddof=1) for loss in ("a", "b")]
    needed = families_needed(0.02 / float(np.median(spreads)), 0.025)
    text = (
        f"A true difference from bce of 2 % of the span would be found with 80 % power over {needed} families, at "
        f"Holm's first level for 2 comparisons and with the median spread seen here, {100 * np.median(spreads):.1f} % "
        "of the span; the 6 families here find "
    )
    assert f"{text}none, however large, since Wilcoxon's test over so few cannot pass that level." in said(
        few
    )
    more = exact(tmp_path / "more", with_control(offsets(12, 0.1, 0.05, 0)))
    assert "; the 12 families here find one of " in said(more)
    assert "however large" not in said(more)
    row = comparison_table(more, VIEW).rows[0]  # type: ignore[union-attr]
    assert row.entries[12].note.startswith("finds ")
    assert int(row.entries[12].text) == row.entries[12].value
    assert comparison_table(few, VIEW).rows[0].entries[12].note == ""  # type: ignore[union-attr]


def test_power_takes_a_control_a_spread_and_three_families(tmp_path: Path) -> None:
    assert "80 % power" not in said(exact(tmp_path / "none", offsets(8, 0.1, 0.05, 0)))
    assert "80 % power" not in said(exact(tmp_path / "two", with_control(offsets(2, 0.1, 0.05, 0))))
    same = dict.fromkeys(("asl", "bce"), np.full((8, 2), 0.5))
    assert "80 % power" not in said(exact(tmp_path / "same", same))
    wild = {"asl": np.linspace(0.2, 0.9, 8)[:, None], "bce": np.linspace(0.9, 0.2, 8)[:, None]}
    assert "over more than 10,000 families" in said(
        Analysis(exact(tmp_path / "wild", wild).grid, rope=0.0001)
    )


def test_power_is_that_of_the_test_whose_p_is_said(tmp_path: Path) -> None:
    """Wilcoxon's test is over all families, also over those whose span is too narrow for shares."""
    scores = spanned(0.01)["scores"]
    analysis = exact(tmp_path, scores, floor=[0.2, 0.3, 0.4, *[0.0] * 5])  # type: ignore[arg-type]
    assert len(analysis.region(VIEW).narrow) == 3  # type: ignore[union-attr]
    assert "; the 8 families here find one of " in said(analysis)
    assert comparison_table(analysis, VIEW).rows[0].entries[12].note.startswith("finds ")  # type: ignore[union-attr]


def test_a_runner_up_that_is_the_control_is_compared_once(tmp_path: Path) -> None:
    lines = answer(analysis_of(write_exact(tmp_path, **spanned(0.1))), VIEW)  # type: ignore[arg-type]
    assert sum("Across families: asl is better than bce" in line for line in lines) == 1
    assert lines[2].startswith("bce comes next: asl is ")
    assert "; it is ahead on 8 and behind on 0 of 8 (Wilcoxon, Holm: p = " in lines[2]
    assert not any(line.startswith("Against bce") for line in lines)
