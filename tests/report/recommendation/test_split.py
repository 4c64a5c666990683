"""The split is that of a loop over all traits and places, and it is advised only where it has done better."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlbench.records import Store
from mlbench.report import recommend
from mlbench.report.data.traits import Traits
from mlbench.report.recommendation.regret import Regrets
from mlbench.report.recommendation.split import Split, find_split
from mlbench.report.statistics.interval import mean_interval
from tests.report.synthetic import World, records

NAMES = ("a", "b", "c")


def traits_of(values: list[tuple[float, float, float, float]]) -> list[Traits]:
    return [Traits(f"set-{place}", "text", *each) for place, each in enumerate(values)]


def by_loops(scores: np.ndarray, families: list[str], traits: list[Traits]) -> float:
    """The least mean regret of any split that leaves six families on each side; infinite where none ends nearer to
    the best than the best single loss."""
    groups = {name: [t for t, other in enumerate(families) if other == name] for name in families}
    means = {
        name: [float(np.mean(scores[loss, group])) for loss in range(3)] for name, group in groups.items()
    }
    regrets = {name: [max(own) - value for value in own] for name, own in means.items()}
    single = min(np.mean([regrets[name][loss] for name in groups]) for loss in range(3))
    found = math.inf
    for trait in traits[0].numbers:
        value = {name: np.mean([traits[t].numbers[trait] for t in group]) for name, group in groups.items()}
        for at in sorted(set(value.values())):
            low = [name for name in groups if value[name] < at]
            high = [name for name in groups if value[name] >= at]
            if min(len(low), len(high)) < 6:
                continue
            for below, above in itertools.permutations(range(3), 2):
                parts = [regrets[name][below] for name in low] + [regrets[name][above] for name in high]
                found = min(found, float(np.mean(parts)))
    return found if found < single - 1e-9 else math.inf


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(11, 16))
def test_it_is_the_best_of_all(seed: int, families: int) -> None:
    random = np.random.default_rng(seed)
    names = [f"f{place}" for place in range(families)] + ["f0"]
    traits = traits_of([tuple(random.integers(1, 6, 4).astype(float)) for _ in names])
    scores = random.integers(0, 5, (3, len(names))) / 10
    found = find_split(scores, NAMES, names, traits, range(len(names)))
    least = by_loops(scores, names, traits)
    if math.isinf(least):
        assert found is None
        return
    assert found is not None
    groups = {name: [t for t, other in enumerate(names) if other == name] for name in names}
    regret = []
    for group in groups.values():
        own = scores[:, group].mean(1)
        value = np.mean([traits[t].numbers[found.trait] for t in group])
        regret.append(own.max() - own[NAMES.index(found.below if value < found.at else found.above)])
    assert np.mean(regret) == pytest.approx(least)


def test_what_it_takes() -> None:
    """Twelve families, a trait that is known of all, two losses with a score everywhere."""
    values = [(float(place + 1), 1.0, math.nan, 1.0) for place in range(12)]
    traits, names = traits_of(values), [f"f{place}" for place in range(12)]
    scores = np.array([[0.9] * 6 + [0.1] * 6, [0.1] * 6 + [0.9] * 6, [np.nan] + [1.0] * 11])
    found = find_split(scores, NAMES, names, traits, range(12))
    assert found == Split("labels", math.sqrt(6 * 7), "a", "b")
    assert find_split(scores, NAMES, names, traits, range(11)) is None
    assert find_split(scores[:1], NAMES, names, traits, range(12)) is None
    assert found.loss_for(traits[0]) == "a"
    assert found.loss_for(traits[11]) == "b"
    assert found.loss_for(Traits("x", "text", math.nan, 1.0, 1.0, 1.0)) is None


def write(folder: Path, gain: float) -> Path:
    """asl ahead of bce by `gain` on nine datasets of five labels a sample, as far behind on nine others."""
    sets = tuple(f"set-{place}" for place in range(6, 24))
    store = Store(folder / "x")
    store.prepare()
    for record, _ in records(
        World(losses={"bce": 0.0, "asl": 0.0}, datasets=sets, fractions=(1.0,), keys=("map",), noise=0.001)
    ):
        many = sets.index(str(record["cell"]["dataset"])) % 2
        record["dataset"]["cardinality"] = 5.0 if many else 1.5
        if record["cell"]["loss"]["id"] == "asl":
            record["metrics"]["test"]["map"] += gain if many else -gain
        store.write(record)
    return folder


def test_the_loss_of_the_split_is_recommended_where_it_has_done_better(tmp_path: Path) -> None:
    found = recommend("set-6", results=write(tmp_path, 0.1))
    split = found.regrets.split
    assert split == Split("labels a sample", pytest.approx(math.sqrt(1.5 * 5)), "bce", "asl")
    assert np.mean(found.regrets.divided) < 0.01 < np.mean(found.regrets.rank)
    alone = replace(found, regrets=replace(found.regrets, likeness=found.regrets.rank))
    assert alone.regrets.way == "split"
    assert alone.loss == "bce"
    assert "recommended: bce: on families of under 2.74 labels a sample it ended nearest to the best" in str(
        alone
    )
    assert f"by one split of a trait {np.mean(found.regrets.divided):.3f}" in found.sureness
    assert "the split nearer (+0.0" in found.sureness


def test_it_is_not_offered_where_one_loss_does_as_well(tmp_path: Path) -> None:
    found = recommend("set-6", results=write(tmp_path, 0.0))
    fixed = found.regrets.fixed[1]
    further, nearer, nearest = (tuple(np.add(fixed, more).tolist()) for more in (1.0, -0.01, -0.02))
    level = replace(found.regrets, divided=fixed, likeness=further, split=Split("labels", 9.0, "a", "b"))
    assert level.way == "single"
    assert replace(level, divided=nearer).way == "split"
    assert replace(level, divided=nearer, split=None).way == "single"
    assert replace(level, divided=nearer, likeness=nearest).way == "likeness"


@given(seed=st.integers(0, 10_000), families=st.integers(6, 30), gain=st.floats(-0.01, 0.02))
def test_a_way_is_taken_where_its_interval_is_above_0_alone(seed: int, families: int, gain: float) -> None:
    """On average nearer to the best is not enough: that may be chance, and one loss for all data is simpler."""
    random = np.random.default_rng(seed)
    fixed, advised = random.random(families) * 0.02, random.random(families) * 0.02 - gain
    of_fixed, of_advised = tuple(fixed.tolist()), tuple(advised.tolist())
    regrets = Regrets(of_advised, of_fixed, of_fixed, {"bce": of_fixed}, "bce")
    found = mean_interval(fixed - advised)
    assert regrets.nearer(of_advised) == found
    assert (regrets.way == "likeness") == (found.low > 0)
    assert ("likeness nearer" in str(regrets)) == (found.low > 0)
    fewer = Regrets(of_advised[:5], (1.0,) * 5, (1.0,) * 5, {}, "bce")
    assert fewer.way == "single"
    assert "takes 6 families" in str(fewer)


def test_why() -> None:
    split = Split("labels", 40.0, "bce", "asl")
    assert split.why("asl") == (
        "on families of 40 labels or more it ended nearest to the best, on those of under 40 labels bce did"
    )
    assert split.why("bce") == (
        "on families of under 40 labels it ended nearest to the best, on those of 40 labels or more asl did"
    )
