"""What a plan says of claims is what the report says once the cells are there, whatever comes out."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbench.report.claims.prospects import Prospect, in_words, prospects
from mlbench.suite import load_suite, parse_suite

SUITES = Path(__file__).parents[3] / "suites"
STUDY = '"jaccard_supcon", "mulsupcon", "prototype", "msc", "reg", "bce", "zlpr", "asl"'
LOSSES = f'{STUDY}, "kmcl", {{ name = "reg", id = "plain", regularize = false }}'
TEXTS = ("go_emotions", "reuters21578", "arxiv_cs54", "aapd", "bgc", "rcv1", "eurlex127", "uklex69")


def found(
    losses: str = LOSSES, datasets: tuple[str, ...] = TEXTS, encoder: str = '"bag"'
) -> dict[str, Prospect]:
    tables = "".join(f'[[datasets]]\nname = "{name}"\nencoder = {encoder}\n' for name in datasets)
    text = f'name = "s"\nseeds = [0, 1]\nfractions = [0.1, 1.0]\nlosses = [{losses}]\n{tables}'
    return {each.name: each for each in prospects(parse_suite(text, "s.toml").cells())}


def test_what_is_there_decides_what_can_be_decided() -> None:
    """Eight text datasets, six of them of at least 50 labels, with every loss of the papers."""
    claims = found()
    able = {name for name, claim in claims.items() if claim.decidable}
    assert able == set(claims) - {"contrastive-trails-where-labels-are-few"}
    few = claims["contrastive-trails-where-labels-are-few"]
    assert few.reason == "No dataset here is of the kind that it is about: datasets of at most 25 labels."


def test_frozen_encoders_decide_nothing_of_kmcl() -> None:
    claims = found(encoder='{ name = "hf:roberta-base", frozen = true }')
    for name in ("kmcl-beats-asl", "kmcl-gains-with-co-occurrence"):
        assert "datasets whose encoder is trained with the loss" in claims[name].reason
    assert claims["contrastive-trails-on-ranking"].decidable


def test_five_families_decide_nothing() -> None:
    assert not any(claim.decidable for claim in found(datasets=TEXTS[:5]).values())
    assert found(datasets=TEXTS[:5])["kmcl-beats-asl"].reason == (
        "Too few families of the kind that it is about (datasets whose encoder is trained with the loss): 5, and 6 are "
        "needed."
    ), "the reason alone, without numbers of results that nobody has"


def test_datasets_of_one_family_count_once() -> None:
    five = (*TEXTS[:4], "eurlex21", "eurlex127", "eurlex567")
    assert "5, and 6 are needed" in found(datasets=five)["contrastive-trails-on-ranking"].reason


def test_each_loss_that_lacks_is_a_reason() -> None:
    assert found(STUDY)["kmcl-beats-asl"].reason == "Of the losses that it compares only asl is here."
    assert (
        found(STUDY)["regularisation-helps-reg"].reason == "Of the losses that it compares only reg is here."
    )
    gain = found('"prototype", "msc", "bce"')["gain-is-not-only-label-interaction"]
    assert gain.reason == "Of the losses that it compares only msc is here.", (
        "reg is missing, prototype is not"
    )
    assert found('"prototype", "msc", "reg"')["gain-is-not-only-label-interaction"].reason.startswith(
        "Whether there is a gain to explain cannot be tested here. "
    )


def test_datasets_of_ones_own_are_families_of_their_own(tmp_path: Path) -> None:
    tables = "".join(
        f'[[datasets]]\nname = "mine{place}"\npath = "{tmp_path}/mine{place}.csv"\ntext = "t"\nlabels = "l"\n'
        'encoder = "bag"\n'
        for place in range(6)
    )
    text = f'name = "s"\nseeds = [0]\nfractions = [1.0]\nlosses = ["kmcl", "asl"]\n{tables}'
    claims = {each.name: each for each in prospects(parse_suite(text, "s.toml").cells())}
    assert claims["kmcl-beats-asl"].decidable
    assert claims["kmcl-gains-with-co-occurrence"].decidable, (
        "how many labels a sample has is known once it is read"
    )


def test_where_a_card_leaves_the_labels_open_they_may_be_many_or_few(tmp_path: Path) -> None:
    tables = "".join(
        f'[[datasets]]\nname = "mine{place}"\npath = "{tmp_path}/mine{place}.csv"\ntext = "t"\nlabels = "l"\n'
        'encoder = "bag"\n'
        for place in range(6)
    )
    text = f'name = "s"\nseeds = [0]\nfractions = [1.0]\nlosses = ["msc", "asl"]\n{tables}'
    claims = {each.name: each for each in prospects(parse_suite(text, "s.toml").cells())}
    assert claims["contrastive-leads-where-labels-are-many"].decidable
    assert claims["contrastive-trails-where-labels-are-few"].decidable


def test_it_is_said_in_a_line_each() -> None:
    one, other = Prospect("a", "A.", ""), Prospect("b", "B.", "No dataset.")
    assert list(in_words([one, other])) == ["claims that these cells could decide: a", "not b: No dataset."]
    assert next(in_words([other])) == "claims that these cells could decide: none"
    assert list(in_words([])) == []
    assert prospects([]) == []


@pytest.mark.parametrize(("suite", "able"), [("quick", 0), ("full", 7), ("real-cpu", 3)])
def test_shipped_suites(suite: str, able: int) -> None:
    claims = prospects(load_suite(SUITES / f"{suite}.toml").cells())
    undecidable = {claim.name: claim.reason for claim in claims if not claim.decidable}
    assert len(claims) - len(undecidable) == able, undecidable


def test_what_the_finals_are_trained_with_decides_and_not_what_the_trials_are() -> None:
    """KMCL's claims ask for an encoder that is trained: a frozen one in the trials takes nothing from the finals."""
    frozen = '{ name = "hf:roberta-base", frozen = true }'
    for trials, finals, able in [(frozen, '"hf:roberta-base"', True), (frozen, frozen, False)]:
        tables = "".join(
            f'[[datasets]]\nname = "{name}"\nencoder = {finals}\ntuned_with = {{ encoder = {trials} }}\n'
            for name in TEXTS
        )
        text = f'name = "s"\nseeds = [0, 1, 2]\nlosses = [{LOSSES}]\ntuning = {{ trials = 2 }}\n{tables}'
        grid = parse_suite(text, "s.toml").grid()
        found = prospects(cell for cell in (*grid.cells, *(final.plain for final in grid.finals)))
        claims = {each.name: each.decidable for each in found}
        assert claims["kmcl-beats-asl"] == able
        assert claims["contrastive-trails-on-ranking"]
