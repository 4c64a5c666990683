"""Claims: each holds in a world where it is true, does not where it is false, and cannot tell where little is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlbench.records import Store, load_records
from mlbench.registry import CLAIMS
from mlbench.report.analysis import Analysis
from mlbench.report.claims import Verdict, check_claims, claims_table
from mlbench.report.claims.joint import correlation
from mlbench.report.grid import Grid
from tests.report.synthetic import World, records, write

MANY = tuple(f"large-{size}" for size in range(100, 180, 10))
FEW = tuple(f"small-{size}" for size in range(10, 18))
KEYS = ("map", "f1_macro@label", "lrap")


def findings(world: World, folder: Path) -> dict[str, Verdict]:
    analysis = Analysis(Grid(load_records(write(folder, world))))
    return {finding.name: finding.verdict for finding in check_claims(analysis)}


def test_every_claim_says_what_it_claims_and_where_it_is_from() -> None:
    assert len(CLAIMS.names()) == 7
    for name in CLAIMS.names():
        title, bar, source = CLAIMS.describe(name).summary.partition("|")
        assert title.strip().endswith(".")
        assert bar
        assert "arXiv" in source


@pytest.mark.parametrize(("sign", "verdict"), [(1, Verdict.HOLDS), (-1, Verdict.FAILS)])
def test_claims_follow_the_truth(sign: int, verdict: Verdict, tmp_path: Path) -> None:
    skills = {"bce": 0.0, "asl": 0.0, "supcon": 0.06 * sign, "msc": 0.06 * sign, "kmcl": 0.05 * sign}
    many = findings(
        World(losses=skills, datasets=MANY, families={}, fractions=(1.0,), keys=KEYS), tmp_path / "many"
    )
    assert many["contrastive-leads-where-labels-are-many"] is verdict
    assert many["contrastive-trails-where-labels-are-few"] is Verdict.CANNOT_TELL
    assert many["kmcl-beats-asl"] is verdict
    assert many["regularisation-helps-reg"] is Verdict.CANNOT_TELL
    mirrored = {name: -skill for name, skill in skills.items()}
    few = findings(
        World(losses=mirrored, datasets=FEW, families={}, fractions=(1.0,), keys=KEYS), tmp_path / "few"
    )
    assert few["contrastive-trails-where-labels-are-few"] is verdict
    assert few["contrastive-trails-on-ranking"] is verdict


def test_regularisation_is_compared_within_one_loss(tmp_path: Path) -> None:
    world = World(
        losses={"reg": 0.05, "reg~plain": 0.0, "msc": 0.05, "prototype": 0.05},
        parameters={"reg": {"regularize": True}, "reg~plain": {"regularize": False}},
        datasets=MANY, families={}, fractions=(1.0,), keys=KEYS,
    )  # fmt: skip
    found = findings(world, tmp_path)
    assert found["regularisation-helps-reg"] is Verdict.HOLDS


def test_reg_without_its_regulariser_says_nothing_of_reg_against_msc(tmp_path: Path) -> None:
    world = World(
        losses={"reg": 0.05, "reg~plain": -0.3, "msc": 0.0, "prototype": 0.05},
        parameters={"reg": {"regularize": True}, "reg~plain": {"regularize": False}},
        datasets=MANY, families={}, fractions=(1.0,), keys=KEYS,
    )  # fmt: skip
    assert findings(world, tmp_path)["gain-is-not-only-label-interaction"] is Verdict.HOLDS


def test_every_claim_is_tested_under_both_readings(tmp_path: Path) -> None:
    """The probe says the opposite of own logits; what these decide holds, and both are told."""
    losses = dict.fromkeys(("bce", "asl", "kmcl", "msc", "supcon", "prototype", "reg", "reg~plain"), 0.0)
    world = World(losses=losses, datasets=MANY, families={}, fractions=(1.0,), seeds=(0,), keys=KEYS,
                  parameters={"reg": {"regularize": True}, "reg~plain": {"regularize": False}})  # fmt: skip
    store = Store(tmp_path / "x")
    store.prepare()
    for record, _ in records(world):
        labels = len(record["dataset"]["labels"])
        record["dataset"]["cardinality"] = float(labels)
        gain = 0.001 * labels * (record["cell"]["loss"]["id"] in ("kmcl", "reg", "prototype"))
        record["metrics"]["test"] = dict.fromkeys(KEYS, 0.5 + gain)
        record["probe_metrics"]["test"] = dict.fromkeys(KEYS, 0.5 - gain)
        store.write(record)
    found = {finding.name: finding for finding in check_claims(Analysis(Grid(load_records(tmp_path))))}
    for name in (
        "kmcl-beats-asl",
        "kmcl-gains-with-co-occurrence",
        "regularisation-helps-reg",
        "gain-is-not-only-label-interaction",
    ):
        own, probe = found[name].evidence[:2]
        assert own.startswith("own logits: holds. "), name
        assert probe.startswith("linear probe: does not hold. "), name
        assert found[name].verdict is Verdict.HOLDS
    for finding in found.values():
        assert {line.split(":")[0] for line in finding.evidence} == {"own logits", "linear probe"}


def test_a_gain_that_is_the_same_everywhere_cannot_tell() -> None:
    verdict, text = correlation(np.arange(1.0, 9.0), np.full(8, 0.1))
    assert verdict is Verdict.CANNOT_TELL
    assert text == "The gain is the same on all 8 families."
    assert correlation(np.arange(1.0, 9.0), np.arange(8.0))[0] is Verdict.HOLDS
    assert correlation(np.arange(1.0, 9.0), -np.arange(8.0))[0] is Verdict.FAILS


def test_three_families_cannot_tell(tmp_path: Path) -> None:
    world = World(
        losses={"asl": 0.0, "kmcl": 0.1}, datasets=MANY[:3], families={}, fractions=(1.0,), keys=KEYS
    )
    analysis = Analysis(Grid(load_records(write(tmp_path, world))))
    found = next(finding for finding in check_claims(analysis) if finding.name == "kmcl-beats-asl")
    assert found.verdict is Verdict.CANNOT_TELL
    assert "At least 5 families are needed" in found.evidence[0]


def test_no_difference_is_no_claim(tmp_path: Path) -> None:
    world = World(losses={"asl": 0.0, "kmcl": 0.0, "bce": 0.0, "msc": 0.0}, datasets=MANY, families={},
                  fractions=(1.0,), keys=KEYS)  # fmt: skip
    found = findings(world, tmp_path)
    assert found["kmcl-beats-asl"] is Verdict.FAILS, "practically equal is not better"


def test_findings_become_a_table(tmp_path: Path) -> None:
    analysis = Analysis(Grid(load_records(write(tmp_path, World(seeds=(0,), keys=KEYS)))))
    table = claims_table(check_claims(analysis))
    assert table is not None
    assert len(table.rows) == 7


def test_a_claim_that_cannot_tell_says_what_is_missing(tmp_path: Path) -> None:
    small = World(
        losses={"bce": 0.0, "asl": 0.0, "msc": 0.0}, datasets=FEW, families={}, fractions=(1.0,), keys=KEYS
    )
    analysis = Analysis(Grid(load_records(write(tmp_path, small))))
    said = {finding.name: " ".join(finding.evidence) for finding in check_claims(analysis)}
    assert (
        "No dataset here is one that it is about: datasets of at least 50 labels."
        in (said["contrastive-leads-where-labels-are-many"])
    )
    assert "Of the losses that it compares only asl is here." in said["kmcl-beats-asl"]
    assert "None of the losses that it compares is here." in said["regularisation-helps-reg"]
