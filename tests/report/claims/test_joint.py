"""KMCL's claims: tested where the encoder is trained with the loss, and nowhere else."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlbench.report.claims import ClaimVerdict
from tests.report.claims.cases import FROZEN, MANY, Case, findings

BEATS, GROWS = "kmcl-beats-asl", "kmcl-gains-with-co-occurrence"
GROWING = lambda place: 0.01 * place  # noqa: E731
ALONE = {"kmcl": {"rec_weight": 1.0, "con_weight": 1.0}, "kmcl~asl": {"rec_weight": 0.0, "con_weight": 0.0}}


@pytest.mark.parametrize(("gain", "verdict"), [(0.05, ClaimVerdict.HOLDS), (-0.05, ClaimVerdict.FAILS)])
def test_kmcl_against_asl_follows_the_truth(gain: float, verdict: ClaimVerdict, tmp_path: Path) -> None:
    assert findings(Case({"kmcl": gain, "asl": 0.0}), tmp_path)[BEATS].verdict is verdict


def test_own_logits_decide(tmp_path: Path) -> None:
    case = Case({"kmcl": 0.05, "asl": 0.0}, probe={"kmcl": -0.05, "asl": 0.001})
    found = findings(case, tmp_path)[BEATS]
    assert found.verdict is ClaimVerdict.HOLDS
    assert found.evidence[0].startswith("own logits (as the paper reads it): holds. ")
    assert found.evidence[1].startswith("linear probe of all (beside it): does not hold. ")


@pytest.mark.parametrize("name", [BEATS, GROWS])
@pytest.mark.parametrize(
    "encoder",
    [FROZEN, {"encoder": "features", "encoder_options": {}}, {"encoder": "lsa", "encoder_options": {}}],
)
def test_where_the_encoder_stays_as_it_is_nothing_is_tested(name: str, encoder: Any, tmp_path: Path) -> None:
    case = Case({"kmcl": GROWING, "asl": 0.0}, encoder=lambda _: encoder)
    found = findings(case, tmp_path)[name]
    assert found.verdict is ClaimVerdict.NOT_TESTABLE
    assert (
        "No dataset here is of the kind that it is about: datasets whose encoder is trained with the loss."
        in found.evidence[0]
    )


@pytest.mark.parametrize("name", [BEATS, GROWS])
def test_frozen_datasets_are_left_out_and_five_others_are_too_few(name: str, tmp_path: Path) -> None:
    plain = Case({"kmcl": GROWING, "asl": 0.0})
    five = replace(plain, encoder=lambda place: plain.encoder(place) if place < 5 else FROZEN)
    found = findings(five, tmp_path / "five")[name]
    assert found.verdict is ClaimVerdict.NOT_TESTABLE
    kind = "of the kind that it is about (datasets whose encoder is trained with the loss)"
    assert f"Too few families {kind}: 5, and 6 are needed." in found.evidence[0]
    six = replace(plain, encoder=lambda place: plain.encoder(place) if place < 6 else FROZEN)
    assert "over 6 families" in findings(six, tmp_path / "six")[name].evidence[0]


def test_a_bag_of_words_is_trained(tmp_path: Path) -> None:
    case = Case({"kmcl": 0.05, "asl": 0.0}, encoder=lambda _: {"encoder": "bag", "encoder_options": {}})
    assert findings(case, tmp_path)[BEATS].verdict is ClaimVerdict.HOLDS


def test_kmcl_without_its_terms_is_a_control_and_not_kmcl(tmp_path: Path) -> None:
    """The gain over `asl` can be that of the wider head: then the same head with the ASL term alone has it too."""
    case = Case({"kmcl": 0.05, "kmcl~asl": 0.05, "asl": 0.0}, parameters=ALONE)
    found = findings(case, tmp_path / "both")[BEATS]
    assert found.verdict is ClaimVerdict.HOLDS
    alone = "Against its own head and ASL term alone: mAP, 100 %: kmcl is level with kmcl~asl on average"
    assert found.evidence[-1].startswith(alone)
    without = replace(case, gains={"kmcl": 0.05, "asl": 0.0})
    assert not any("term alone" in line for line in findings(without, tmp_path / "one")[BEATS].evidence)
    only = findings(replace(case, gains={"kmcl~asl": 0.05, "asl": 0.0}), tmp_path / "only")[BEATS]
    assert only.verdict is ClaimVerdict.NOT_TESTABLE
    assert "Of the losses that it compares only asl is here." in only.evidence[0]


@pytest.mark.parametrize(
    ("gain", "verdict"),
    [
        (lambda place: 0.02 + 0.01 * place, ClaimVerdict.HOLDS),
        (lambda place: 0.1 - 0.01 * place, ClaimVerdict.FAILS),
        (lambda place: 0.05 + 0.01 * (-1) ** place, ClaimVerdict.CANNOT_TELL),
        (lambda place: -0.1 + 0.01 * place, ClaimVerdict.PREMISE_ABSENT),
    ],
)
def test_a_gain_that_grows(gain: Any, verdict: ClaimVerdict, tmp_path: Path) -> None:
    found = findings(Case({"kmcl": gain, "asl": 0.0}), tmp_path)[GROWS]
    assert found.verdict is verdict
    assert ("There is no gain that could grow." in found.evidence[0]) == (
        verdict is ClaimVerdict.PREMISE_ABSENT
    )
    assert ("Spearman's correlation" in found.evidence[0]) == (verdict is not ClaimVerdict.PREMISE_ABSENT)


def test_a_narrow_family_has_no_share_in_the_correlation(tmp_path: Path) -> None:
    case = Case({"kmcl": lambda place: 0.02 + 0.01 * place if place else -0.3985,
                 "asl": lambda place: 0.0 if place else -0.399})  # fmt: skip
    found = findings(case, tmp_path)[GROWS]
    assert "over 7 families is 1.00" in found.evidence[0]
    assert f"lies between floor and best: {MANY[0]}." in found.evidence[0]


@pytest.mark.parametrize(
    ("cardinality", "known"),
    [(lambda place: 2.0 + place % 2, 8), (lambda place: 2.0 + place if place < 5 else math.nan, 5)],
    ids=["two numbers", "five known"],
)
def test_a_gain_cannot_grow_with_what_is_not_known_or_the_same(
    cardinality: Any, known: int, tmp_path: Path
) -> None:
    plain = Case({"kmcl": GROWING, "asl": -0.02})
    said = f"The number of labels a sample is known of {known} families; it takes 6 families and three different "
    said += "numbers."
    found = findings(replace(plain, cardinality=cardinality), tmp_path / "x")[GROWS]
    assert found.verdict is ClaimVerdict.NOT_TESTABLE
    assert found.reason == said
    assert said in found.evidence[0]
    assert "kmcl is " in found.evidence[0], "what is seen of the gain stands beside"
    assert said not in findings(plain, tmp_path / "plain")[GROWS].evidence[0]
