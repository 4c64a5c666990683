"""The rule of claims that compare, and each sentence that they can print: where it is true, and where it is not."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlbench.report.analysis import Analysis
from mlbench.report.claims import ClaimOutcome, ClaimVerdict, contest
from mlbench.report.claims.contest import verdict_of
from mlbench.report.claims.sides import many_labels
from mlbench.report.statistics import Judged
from mlbench.report.statistics.interval import Interval
from tests.report.claims.cases import FEW, MANY, Case, analysis_of
from tests.report.exact import exact

LEFT_OUT, POWER, EQUAL = "Left out of the %", "With this spread", "practically equal"
MISSING = "Not compared, since results are missing"


def noisy(mean: float, spread: float = 0.01) -> Any:
    """Differs by dataset, by nothing on average."""
    return lambda place: mean + spread * (-1) ** place * (1 + place % 4)


def asked(case: Case, folder: Path, **options: Any) -> ClaimOutcome:
    return contest(analysis_of(case, folder), "map", ["asl"], ["bce"], **options)


@pytest.mark.parametrize(
    ("interval", "plain", "no_worse"),
    [
        (Interval(0.02, 0.001, 0.04), ClaimVerdict.HOLDS, ClaimVerdict.HOLDS),
        (Interval(0.0, -0.019, 0.019), ClaimVerdict.CANNOT_TELL, ClaimVerdict.HOLDS),
        (Interval(0.0, -0.021, 0.019), ClaimVerdict.CANNOT_TELL, ClaimVerdict.CANNOT_TELL),
        (Interval(-0.01, -0.019, -0.001), ClaimVerdict.FAILS, ClaimVerdict.HOLDS),
        (Interval(-0.04, -0.08, -0.019), ClaimVerdict.FAILS, ClaimVerdict.CANNOT_TELL),
        (Interval(-0.04, -0.08, -0.021), ClaimVerdict.FAILS, ClaimVerdict.FAILS),
        (Interval(0.0, 0.0, 0.0), ClaimVerdict.CANNOT_TELL, ClaimVerdict.HOLDS),
    ],
)
def test_the_rule(interval: Interval, plain: ClaimVerdict, no_worse: ClaimVerdict) -> None:
    judged = Judged(interval, 8, 0.02)
    assert verdict_of(judged) is plain
    assert verdict_of(judged, at_least=True) is no_worse


def test_a_difference_is_told_as_a_share_of_the_span_with_its_interval_points_and_wins(
    tmp_path: Path,
) -> None:
    """Floor 0.1, best 0.6: 0.1 is a fifth of the span."""
    found = asked(Case({"bce": 0.0, "asl": 0.1}), tmp_path)
    assert found.verdict is ClaimVerdict.HOLDS
    assert found.evidence[0] == (
        "own logits (as the paper reads it): holds. mAP, 100 %: asl is 20.0 % of the span from floor to best ahead of "
        "bce on average over 8 families (95 % interval 20.0 to 20.0 %), 0.100 ahead of it in points, and ahead on 8 of "
        "8 families."
    )


def test_the_other_way_round_it_does_not_hold(tmp_path: Path) -> None:
    found = asked(Case({"bce": 0.1, "asl": 0.0}), tmp_path)
    assert found.verdict is ClaimVerdict.FAILS
    assert (
        "does not hold. mAP, 100 %: asl is 20.0 % of the span from floor to best behind bce"
        in found.evidence[0]
    )
    assert (
        "(95 % interval −20.0 to −20.0 %), 0.100 behind it in points, and ahead on 0 of 8"
        in found.evidence[0]
    )
    assert POWER not in found.evidence[0], "the power is told where nothing can be told"


def test_who_cannot_tell_says_what_could_have_been_found(tmp_path: Path) -> None:
    found = asked(Case({"bce": 0.0, "asl": noisy(0.0)}), tmp_path)
    assert found.verdict is ClaimVerdict.CANNOT_TELL
    assert POWER in found.evidence[0]
    assert EQUAL not in found.evidence[0]
    size = float(re.findall(r"true difference of (\d+\.\d) %", found.evidence[0])[0])
    needed = int(re.findall(r"one of 2 % takes (\d+)\.", found.evidence[0])[0])
    assert needed > 8, "eight find a larger one"
    wild = asked(Case({"bce": 0.0, "asl": noisy(0.0, 0.09)}), tmp_path / "wild")
    assert int(re.findall(r"one of 2 % takes (\d+)\.", wild.evidence[0])[0]) > 10 * needed
    larger = asked(Case({"bce": 0.0, "asl": noisy(1.5 * size * 0.004)}), tmp_path / "larger")
    assert larger.verdict is ClaimVerdict.HOLDS


def test_losses_that_are_level_are_said_to_be(tmp_path: Path) -> None:
    found = asked(Case({"bce": 0.0, "asl": 0.0}), tmp_path)
    assert found.verdict is ClaimVerdict.CANNOT_TELL
    assert "asl is level with bce on average" in found.evidence[0]
    assert "(95 % interval 0.0 to 0.0 %), level with it in points, and ahead on 0 of 8" in found.evidence[0]
    assert "The two are practically equal: all of the interval is within 2 %." in found.evidence[0]


def test_no_worse_allows_for_two_percent_of_the_span(tmp_path: Path) -> None:
    near, far = Case({"bce": 0.0, "asl": -0.007}), Case({"bce": 0.0, "asl": -0.009})
    assert asked(near, tmp_path / "near", at_least=True).verdict is ClaimVerdict.HOLDS
    assert asked(far, tmp_path / "far", at_least=True).verdict is ClaimVerdict.FAILS
    assert asked(near, tmp_path / "near").verdict is ClaimVerdict.FAILS, "worse it is"
    wider = Analysis(analysis_of(far, tmp_path / "wider").grid, rope=0.05)
    assert contest(wider, "map", ["asl"], ["bce"], at_least=True).verdict is ClaimVerdict.HOLDS, (
        "as the report was asked to"
    )
    assert "all of the interval is within 5 %" in contest(
        Analysis(analysis_of(Case({"bce": 0.0, "asl": noisy(0.0, 0.003)}), tmp_path / "equal").grid, rope=0.05),
        "map", ["asl"], ["bce"]).evidence[0]  # fmt: skip


def test_a_narrow_family_is_named_and_weighs_nothing(tmp_path: Path) -> None:
    """On the first dataset the best loss is hardly above the floor: as a share its difference would be enormous."""
    case = Case({"bce": lambda place: -0.399 if place == 0 else 0.0,
                 "asl": lambda place: -0.397 if place == 0 else -0.04})  # fmt: skip
    found = asked(case, tmp_path)
    assert found.verdict is ClaimVerdict.FAILS
    assert "on average over 7 families" in found.evidence[0]
    assert "ahead on 1 of 8 families" in found.evidence[0], "a win is a win"
    assert f"lies between floor and best: {MANY[0]}." in found.evidence[0]
    assert LEFT_OUT not in asked(Case({"bce": 0.0, "asl": 0.1}), tmp_path / "wide").evidence[0]


def test_one_family_that_makes_the_mean_is_named_with_the_mean_without_it(tmp_path: Path) -> None:
    """Where the mean is more than nothing; of one within the region nobody asks."""
    one = asked(Case({"bce": 0.0, "asl": lambda place: 0.3 if place == 2 else 0.0}), tmp_path / "one")
    without = f" {MANY[2]} alone makes more than half of that mean; without it it is 0.0 % (0.0 to 0.0 %)."
    assert without in one.evidence[0]
    small = asked(Case({"bce": 0.0, "asl": lambda place: 0.03 if place == 2 else 0.0}), tmp_path / "small")
    all_alike = asked(Case({"bce": 0.0, "asl": 0.1}), tmp_path / "alike")
    for found in (small, all_alike):
        assert "more than half" not in found.evidence[0]


def test_a_loss_below_the_floor_is_named(tmp_path: Path) -> None:
    sunk = asked(Case({"bce": 0.0, "asl": lambda place: -0.45 if place == 1 else 0.1}), tmp_path / "sunk")
    assert f" Below the floor: asl on {MANY[1]}." in sunk.evidence[0]
    assert "Below the floor" not in asked(Case({"bce": 0.0, "asl": 0.1}), tmp_path / "above").evidence[0]


def test_too_few_families_test_nothing(tmp_path: Path) -> None:
    five = asked(Case({"bce": 0.0, "asl": 0.1}, datasets=MANY[:5]), tmp_path / "five")
    assert five.verdict is ClaimVerdict.NOT_TESTABLE
    assert five.evidence == (
        "own logits (as the paper reads it): not testable here. Too few families: 5, and 6 are needed. mAP, 100 %: asl "
        "is 0.100 ahead of bce on average, in points, and ahead on 5 of 5 families.",
    ), "what cannot be tested is said once, not for each reading"
    assert (
        asked(Case({"bce": 0.0, "asl": 0.1}, datasets=MANY[:6]), tmp_path / "six").verdict
        is ClaimVerdict.HOLDS
    )


def test_too_few_families_of_a_kind_are_said_to_be_of_it(tmp_path: Path) -> None:
    mixed = Case({"bce": 0.0, "asl": 0.1}, datasets=(*MANY[:3], *FEW))
    found = asked(mixed, tmp_path, keep=many_labels)
    assert found.verdict is ClaimVerdict.NOT_TESTABLE
    kind = "of the kind that it is about (datasets of at least 50 labels)"
    assert f"Too few families {kind}: 3, and 6 are needed." in found.evidence[0]


def test_families_without_a_known_span_are_not_enough(tmp_path: Path) -> None:
    case = Case({"bce": 0.0, "asl": 0.001}, floor=0.5)
    assert (
        "Too few families with a wide enough span: 0, and 6 are needed." in asked(case, tmp_path).evidence[0]
    )


def test_both_readings_and_other_metrics_stand_beside_what_decides(tmp_path: Path) -> None:
    case = Case({"bce": 0.0, "asl": 0.1}, probe={"bce": 0.1, "asl": 0.0})
    found = asked(case, tmp_path, beside=["lrap"])
    assert found.verdict is ClaimVerdict.HOLDS, "own logits decide"
    assert [line.split(". ")[0] for line in found.evidence] == [
        "own logits (as the paper reads it): holds",
        "linear probe of all (beside it): does not hold",
        "own logits (beside it): holds",
    ]
    assert [line.split(". ")[1].split(",")[0] for line in found.evidence] == ["mAP", "mAP", "LRAP"]


@pytest.mark.parametrize(
    ("sides", "words"),
    [
        ((["asl"], ["bce"]), "own logits"),
        ((["supcon"], ["bce"]), "own logits, the probe of losses that have none"),
        ((["supcon"], ["msc"]), "linear probe"),
    ],
)
def test_the_reading_is_called_what_it_is(sides: Any, words: str, tmp_path: Path) -> None:
    case = Case(dict.fromkeys(("asl", "bce", "supcon", "msc"), 0.0))
    found = contest(analysis_of(case, tmp_path), "map", *sides)
    assert found.evidence[0].startswith(f"{words} (as the paper reads it): ")
    assert len(found.evidence) == (1 if words == "linear probe" else 2), "one reading is not told twice"


def test_what_is_not_here_is_said(tmp_path: Path) -> None:
    analysis = analysis_of(Case({"bce": 0.0, "asl": 0.1}, keys=("map",)), tmp_path)
    cases = {
        "None of the losses that it compares is here.": ([], []),
        "Of the losses that it compares only bce is here.": (["bce"], []),
        "Of the losses that it compares only bce and asl are here.": ([], ["bce", "asl"]),
    }
    for text, sides in cases.items():
        found = contest(analysis, "map", *sides)
        assert found.verdict is ClaimVerdict.NOT_TESTABLE
        assert text in found.evidence[0]
    assert "No record has lrap." in contest(analysis, "lrap", ["asl"], ["bce"]).evidence[0]
    few = contest(analysis_of(Case({"bce": 0.0, "asl": 0.1}, datasets=FEW), tmp_path / "few"), "map", ["asl"],
                  ["bce"], keep=many_labels)  # fmt: skip
    assert few.verdict is ClaimVerdict.NOT_TESTABLE
    assert (
        "No dataset here is of the kind that it is about: datasets of at least 50 labels." in few.evidence[0]
    )


def test_losses_that_finished_nowhere_are_said_to_be_missing(tmp_path: Path) -> None:
    case = Case({"bce": 0.0, "asl": 0.1, "zlpr": 0.1})
    gone = replace(case, failed=[("asl", None, None, None)])
    found = contest(analysis_of(gone, tmp_path / "one"), "map", ["asl", "zlpr"], ["bce"])
    assert f"{MISSING}: asl." in found.evidence[0]
    assert (
        MISSING
        not in contest(analysis_of(case, tmp_path / "all"), "map", ["asl", "zlpr"], ["bce"]).evidence[0]
    )
    none = contest(analysis_of(gone, tmp_path / "one"), "map", ["asl"], ["bce"])
    assert none.verdict is ClaimVerdict.NOT_TESTABLE
    assert "has finished cells of both sides, asl and bce, at the largest fraction." in none.evidence[0]


def test_a_metric_that_ranks_nothing_here_still_tests_what_a_paper_read(tmp_path: Path) -> None:
    case = Case({"bce": 0.0, "asl": 0.1})
    found = contest(analysis_of(case, tmp_path), "f1_macro@0.5", ["asl"], ["bce"])
    assert found.verdict is ClaimVerdict.HOLDS
    assert "macro F1 (threshold 0.5), 100 %: asl is" in found.evidence[0]


def test_one_family_has_no_average_and_is_named(tmp_path: Path) -> None:
    analysis = exact(tmp_path, {"asl": [[0.6, 0.7]], "bce": [[0.5, 0.6]]})
    outcome = contest(analysis, "map", ["asl"], ["bce"])
    assert "mAP, 100 %: asl is 0.100 ahead of bce, in points, on set-0 alone." in outcome.evidence[0]
    assert "on average" not in " ".join(outcome.evidence)
