"""The study's claims: each holds where it is true, does not where it is false, and says why where it cannot tell."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlbench.records import Store, load_records
from mlbench.registry import CLAIMS
from mlbench.report.analysis import Analysis
from mlbench.report.claims import ClaimVerdict, check_claims, claims_table
from mlbench.report.claims.sides import of_both_kinds, of_kind
from mlbench.report.claims.study import CLASSIFYING, CONTRASTIVE
from mlbench.report.data.grid import Grid
from tests.report.claims.cases import FEW, FROZEN, MANY, Case, analysis_of, findings
from tests.report.synthetic import World, records

PUBLISHED = "dd7f757:results/real-cpu/records.parquet"
"""Records of an older protocol, in the history of the repository: every loss on seven families."""
LEADS, TRAILS = "contrastive-leads-where-labels-are-many", "contrastive-trails-where-labels-are-few"
RANKING, REGULARISED = "contrastive-trails-on-ranking", "regularisation-helps-reg"
GAIN = "gain-is-not-only-label-interaction"
PLAIN = {"reg": {"regularize": True}, "reg-plain": {"regularize": False}}
SETTING = "The study fine-tunes a pretrained encoder"


def groups(contrastive: Any, classifying: Any = 0.0) -> dict[str, Any]:
    return dict.fromkeys(CONTRASTIVE, contrastive) | dict.fromkeys(CLASSIFYING, classifying)


def up_and_down(place: int) -> float:
    """Differs by dataset, by nothing on average."""
    return 0.04 * (-1) ** place


def test_every_claim_says_what_it_claims_and_where_it_is_from() -> None:
    assert len(CLAIMS.names()) == 7
    for name in CLAIMS.names():
        title, bar, source = CLAIMS.describe(name).summary.partition("|")
        assert title.strip().endswith(".")
        assert bar
        assert "arXiv" in source


@pytest.mark.parametrize(("sign", "verdict"), [(1, ClaimVerdict.HOLDS), (-1, ClaimVerdict.FAILS)])
def test_claims_follow_the_truth(sign: int, verdict: ClaimVerdict, tmp_path: Path) -> None:
    many = findings(Case(groups(0.06 * sign)), tmp_path / "many")
    assert many[LEADS].verdict is verdict
    assert many[TRAILS].verdict is ClaimVerdict.NOT_TESTABLE
    few = findings(Case(groups(-0.06 * sign), datasets=FEW), tmp_path / "few")
    assert few[TRAILS].verdict is verdict
    assert few[LEADS].verdict is ClaimVerdict.NOT_TESTABLE
    assert few[RANKING].verdict is verdict
    level = findings(Case(groups(up_and_down)), tmp_path / "level")
    assert {level[name].verdict for name in (LEADS, RANKING)} == {ClaimVerdict.CANNOT_TELL}


def test_the_metric_is_macro_f1_at_the_studys_threshold(tmp_path: Path) -> None:
    """Its sign is turned by tuned thresholds, which stand beside it and decide nothing."""
    store = Store(tmp_path / "turned")
    store.prepare()
    world = World(losses=groups(0.0), datasets=MANY, families={}, fractions=(1.0,), seeds=(0,),
                  keys=("f1_macro@0.5", "f1_macro@label"))  # fmt: skip
    for record, _ in records(world):
        ahead = 0.1 * (record["cell"]["loss"]["name"] in CONTRASTIVE)
        numbers = {"f1_macro@0.5": 0.5 + ahead, "f1_macro@label": 0.5 - ahead}
        record["metrics"]["test"] = record["probe_metrics"]["test"] = numbers
        record["floor_metrics"]["test"] = dict.fromkeys(numbers, 0.1)
        store.write(record)
    found = {each.name: each for each in check_claims(Analysis(Grid(load_records(tmp_path))))}[LEADS]
    assert found.verdict is ClaimVerdict.HOLDS
    beside = [line for line in found.evidence if "macro F1 (tuned per label)" in line]
    assert len(beside) == 1
    assert "(beside it): does not hold." in beside[0]


@pytest.mark.parametrize("name", [LEADS, RANKING])
def test_the_losses_are_those_of_the_study(name: str, tmp_path: Path) -> None:
    """Neither losses that it does not compare nor variants of its own have a say."""
    others = {"supcon": -0.3, "focal": 0.3, "asl~mild": 0.3, "reg~plain": -0.3}
    parameters = {
        "reg": {"regularize": True},
        "reg~plain": {"regularize": False},
        "asl~mild": {"gamma_neg": 2},
    }
    gains = groups(0.06) | {"best": 0.3}
    one = findings(Case(gains, parameters=parameters), tmp_path / "plain")[name]
    other = findings(Case(gains | others, parameters=parameters), tmp_path / "more")[name]
    assert other.evidence == one.evidence
    assert all(loss in other.evidence[0] for loss in (*CLASSIFYING, *CONTRASTIVE))


def test_the_reading_is_own_logits_and_the_probe_of_those_without(tmp_path: Path) -> None:
    """Under the probe of all, logit losses fall behind: that stands beside and decides nothing."""
    case = Case(groups(0.0, 0.06), probe=dict.fromkeys(CLASSIFYING, -0.06))
    found = findings(case, tmp_path)[RANKING]
    assert found.verdict is ClaimVerdict.HOLDS
    words = "own logits, the probe of losses that have none"
    assert found.evidence[0].startswith(f"{words} (as the paper reads it): holds. ")
    assert found.evidence[1].startswith("linear probe of all (beside it): does not hold. ")


def test_regularisation_is_compared_within_one_loss(tmp_path: Path) -> None:
    better = Case({"reg": 0.05, "reg~plain": 0.0, "msc": 0.05},
                  parameters={"reg": {"regularize": True}, "reg~plain": {"regularize": False}})  # fmt: skip
    found = findings(better, tmp_path / "better")[REGULARISED]
    assert found.verdict is ClaimVerdict.HOLDS
    assert "reg is 11.1 % of the span from floor to best ahead of reg~plain" in found.evidence[0]
    worse = replace(better, gains={"reg": 0.0, "reg~plain": 0.05})
    assert findings(worse, tmp_path / "worse")[REGULARISED].verdict is ClaimVerdict.FAILS
    alone = findings(replace(better, gains={"reg": 0.05}), tmp_path / "alone")[REGULARISED]
    assert alone.verdict is ClaimVerdict.NOT_TESTABLE
    assert "Of the losses that it compares only reg is here." in alone.evidence[0]


@pytest.mark.parametrize(
    ("gains", "verdict", "text"),
    [
        (groups(0.06), ClaimVerdict.HOLDS, "There is a gain to explain. "),
        (groups(0.06) | {"msc": 0.2}, ClaimVerdict.FAILS, "There is a gain to explain. "),
        (groups(0.06) | {"reg": lambda place: 0.06 + 0.06 * (-1) ** place}, ClaimVerdict.CANNOT_TELL,
         "There is a gain to explain. "),
        (groups(-0.06), ClaimVerdict.PREMISE_ABSENT, "No gain of 2 % of the span or more is here to explain. "),
        (groups(0.0), ClaimVerdict.PREMISE_ABSENT, "No gain of 2 % of the span or more is here to explain. "),
        (groups(up_and_down), ClaimVerdict.CANNOT_TELL, "Whether there is a gain to explain remains open. "),
    ],
)  # fmt: skip
def test_a_gain_is_explained_where_there_is_one(
    gains: dict[str, Any], verdict: ClaimVerdict, text: str, tmp_path: Path
) -> None:
    found = findings(Case(gains, parameters=PLAIN), tmp_path)[GAIN]
    assert found.verdict is verdict
    assert found.evidence[0].startswith(text)
    assert ("With this spread" in found.evidence[0]) == ("remains open" in text)


def test_a_gain_that_cannot_be_tested_is_said_not_to_be(tmp_path: Path) -> None:
    """Without a loss on logits there is nothing to gain over; with five families nothing to be sure of."""
    for name, case in (
        ("alone", Case(dict.fromkeys(CONTRASTIVE, 0.06), parameters=PLAIN)),
        ("five", Case(groups(0.06), parameters=PLAIN, datasets=MANY[:5])),
    ):
        found = findings(case, tmp_path / name)[GAIN]
        assert found.verdict is ClaimVerdict.NOT_TESTABLE
        assert found.evidence[0].startswith("Whether there is a gain to explain cannot be tested here. ")
    assert "Too few families: 5, and 6 are needed." in found.evidence[0]


def test_a_form_that_tuning_chose_by_dataset_is_no_form(tmp_path: Path) -> None:
    """The suite's own value says nothing of what was trained."""
    analysis = analysis_of(Case(groups(0.06), parameters={"reg": {"regularize": True}}), tmp_path)
    cells = analysis.grid.cells
    off = [("cell/loss/parameters/regularize", False)]
    some = {MANY[0], MANY[3]}
    drawn = [
        off if loss == "reg" and dataset in some else []
        for loss, dataset in zip(cells["loss"], cells["dataset"], strict=True)
    ]
    tuned = Analysis(Grid(cells.assign(drawn=drawn)))
    assert of_kind(tuned.grid, ["reg"]) == ["reg"]
    assert (
        of_kind(tuned.grid, ["reg"], regularize=True) == of_kind(tuned.grid, ["reg"], regularize=False) == []
    )
    found = {claim.name: claim for claim in check_claims(tuned)}
    said = "Tuning chose regularize of reg (False on 2 datasets and True on 6 datasets)"
    assert found[REGULARISED].reason.startswith(said)
    assert found[REGULARISED].verdict is found[GAIN].verdict is ClaimVerdict.NOT_TESTABLE
    assert said in found[GAIN].reason
    assert of_both_kinds(analysis.grid, "reg", "regularize") == ""


def test_reg_without_its_regulariser_says_nothing_of_reg_against_msc(tmp_path: Path) -> None:
    case = Case(groups(0.06) | {"reg~plain": -0.3},
                parameters={"reg": {"regularize": True}, "reg~plain": {"regularize": False}})  # fmt: skip
    assert findings(case, tmp_path)[GAIN].verdict is ClaimVerdict.HOLDS


@pytest.mark.parametrize(
    ("frozen", "words"),
    [
        (range(8), "here the cells on none of 8 datasets do."),
        (range(2), "here the cells on 6 of 8 datasets do."),
        ((), ""),
    ],
)
def test_another_setting_than_the_studys_is_said(frozen: Any, words: str, tmp_path: Path) -> None:
    plain = Case(groups(0.06))
    case = replace(plain, encoder=lambda place: FROZEN if place in frozen else plain.encoder(place))
    found = findings(case, tmp_path)[LEADS]
    assert found.verdict is ClaimVerdict.HOLDS, "which decides nothing"
    assert [line for line in found.evidence if SETTING in line] == (
        [f"{SETTING}; {words}"] if words else []
    ), "a bag of words that starts from nothing would be another setting too"


def test_an_encoder_that_starts_from_nothing_is_not_fine_tuned(tmp_path: Path) -> None:
    case = Case(groups(0.06), encoder=lambda _: {"encoder": "bag", "encoder_options": {}})
    assert f"{SETTING}; here the cells on none of 8 datasets do." in findings(case, tmp_path)[LEADS].evidence


def test_findings_become_a_table(tmp_path: Path) -> None:
    table = claims_table(check_claims(analysis_of(Case(groups(0.06)), tmp_path)))
    assert table is not None
    assert len(table.rows) == 7
    assert claims_table([]) is None


def published(folder: Path) -> Any:
    there = Path(__file__).parent
    shown = subprocess.run(["git", "-C", str(there), "show", PUBLISHED], capture_output=True, check=False)
    if shown.returncode:
        pytest.skip("the history of the repository is not here")
    (folder / "real-cpu").mkdir()
    (folder / "real-cpu" / "records.parquet").write_bytes(shown.stdout)
    return load_records(folder / "real-cpu")


def test_on_the_published_records_contrastive_losses_trail_on_lrap(tmp_path: Path) -> None:
    """By the study's reading, metric and groups on 7 of 7 families, counted here by hand."""
    cells = published(tmp_path)
    whole = cells[cells["fraction"] == 1.0]
    means = whole.groupby(["dataset", "loss"])["metrics/test/lrap"].mean().unstack()
    ahead = means[list(CLASSIFYING)].mean(axis=1) - means[list(CONTRASTIVE)].mean(axis=1)
    assert int((ahead > 0).sum()) == len(ahead) == 7
    found = {finding.name: finding for finding in check_claims(Analysis(Grid(cells)))}
    assert found[RANKING].verdict is ClaimVerdict.HOLDS
    assert (
        f"{np.round(ahead.mean(), 3):.3f} ahead of it in points, and ahead on 7 of 7 families."
        in (found[RANKING].evidence[0])
    )
    assert found[GAIN].verdict is ClaimVerdict.PREMISE_ABSENT, "contrastive losses gain nothing there"
    assert found["kmcl-beats-asl"].verdict is ClaimVerdict.NOT_TESTABLE, "three families train their encoder"
