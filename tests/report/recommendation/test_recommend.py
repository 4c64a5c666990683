"""Advice from the datasets most like one's own."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mlbench.errors import ConfigError, UnknownNameError
from mlbench.records import Store
from mlbench.report import recommend
from mlbench.report.data.arrays import nanmean
from mlbench.report.data.grid import Grid
from mlbench.report.data.merge import merge
from mlbench.report.data.traits import Traits, traits_of_task
from mlbench.report.recommendation.likeness import distance
from mlbench.report.recommendation.regret import past_regrets
from tests.report.synthetic import World, records, write

MANY = World(
    losses={"bce": 0.0, "asl": 0.05, "focal": -0.05},
    datasets=("digit-scenes", "go_emotions", "reuters21578", "eurlex21", "eurlex127", "set-300", "set-301"),
    fractions=(1.0,),
    keys=("map",),
)


def test_the_best_loss_of_the_neighbours_is_advised(tmp_path: Path) -> None:
    found = recommend("go_emotions", results=write(tmp_path, MANY))
    assert [item.loss for item in found.advice] == ["asl", "bce", "focal"]
    assert found.neighbours[0] == ("go_emotions", 0.0, "go_emotions", True)
    assert found.regrets.families == 6, "eurlex is one family"
    assert np.mean(found.regrets.likeness) < 0.01
    assert "1. asl: average rank 1.0 of 3" in str(found)
    assert "below the best loss on average" in found.sureness


def test_where_likeness_has_not_done_better_the_best_single_loss_is_recommended(tmp_path: Path) -> None:
    found = recommend("go_emotions", results=write(tmp_path, MANY))
    assert found.regrets.rank == found.regrets.likeness
    assert found.regrets.way == "single", "level is not better"
    assert found.loss == found.regrets.single == "asl"
    assert "always bce 0.0" in str(found)
    assert "is not shown to do better" not in str(found), "it is the same loss"
    other = replace(found, regrets=replace(found.regrets, single="bce"))
    assert other.loss == "bce"
    assert "recommended: bce, the best single loss over all families: choosing by what" in str(other)
    helped = replace(found, regrets=replace(found.regrets, single="bce", rank=(0.5,) * 6))
    assert helped.loss == "asl"
    assert "is not shown to do better" not in str(helped)
    plain = replace(helped, regrets=replace(helped.regrets, always={"bce": (0.0,) * 6, "asl": (0.3,) * 6}))
    assert plain.loss == "bce", "one that is taken without asking has ended nearer to the best than advice"
    assert "recommended: bce, the best single loss" in str(plain)
    two = {name: getattr(found.regrets, name)[:2] for name in ("likeness", "divided", "rank")}
    few = replace(found, regrets=replace(found.regrets, single="bce", **two))
    assert few.loss == "asl"
    assert "Too few families" in few.sureness


def test_regrets_against_plain_loops(tmp_path: Path) -> None:
    """Of the best single loss of the others, and of bce."""
    world = replace(MANY, noise=0.05, losses={"bce": 0.0, "asl": 0.0, "focal": 0.0})
    grid = Grid(merge([write(tmp_path, world)]).cells)
    scores = nanmean(grid.scores("own", "map")[:, :, 0], 2)
    found = past_regrets(grid, scores, [traits_of_task(task) for task in grid.tasks])
    families = [task.family for task in grid.tasks]
    single, always = [], []
    for family in dict.fromkeys(families):
        inside = [place for place, name in enumerate(families) if name == family]
        ranks = dict.fromkeys(range(3), 0.0)
        for name in dict.fromkeys(families):
            if name == family:
                continue
            means = [np.mean([scores[loss, t] for t in range(7) if families[t] == name]) for loss in range(3)]
            for loss in range(3):
                ranks[loss] += 1 + sum(other > means[loss] for other in means)
        best = sorted(ranks, key=ranks.__getitem__)[0]
        single.append(np.mean([scores[:, t].max() - scores[best, t] for t in inside]))
        always.append(np.mean([scores[:, t].max() - scores[grid.losses.index("bce"), t] for t in inside]))
    assert np.mean(found.rank) == pytest.approx(np.mean(single), abs=1e-9)
    assert np.mean(found.always["bce"]) == pytest.approx(np.mean(always), abs=1e-9)
    assert found.families == 6


def test_a_path_is_the_users_own_data(tmp_path: Path) -> None:
    results = write(tmp_path / "results", MANY)
    file = tmp_path / "tickets.csv"
    file.write_text("text,labels\n" + "".join(f"word {row},a;b\n" for row in range(30)))
    found = recommend(str(file), results=results, parameters={"separator": ";"})
    assert str(found).startswith("tickets: text, 2 labels")
    with pytest.raises(
        ConfigError, match=r"ticket.csv: no such file or folder; did you mean '.*tickets.csv'"
    ):
        recommend(str(tmp_path / "ticket.csv"), results=results)


def test_a_family_counts_once_however_many_datasets_it_has(tmp_path: Path) -> None:
    """Three datasets of one family say a, two others say b; the one asked about is none of them."""
    names = ("eurlex21", "eurlex22", "eurlex23", "go_emotions", "reuters21578")
    world = replace(
        MANY, losses={"a": 0.0, "b": 0.0}, datasets=names, families=dict.fromkeys(names[:3], "eurlex")
    )
    store = Store(tmp_path / "x")
    store.prepare()
    for record, _ in records(world):
        dataset, loss = record["cell"]["dataset"], record["cell"]["loss"]["id"]
        record["dataset"]["labels"] = [f"label {number}" for number in range(30)]
        store.write(
            {
                **record,
                "metrics": {"test": {"map": 0.6 if dataset.startswith("eurlex") == (loss == "a") else 0.5}},
            }
        )
    found = recommend("yeast", results=tmp_path)
    assert len(found.neighbours) == 5
    assert [(item.loss, item.close) for item in found.advice] == [("b", 2), ("a", 1)]
    assert found.advice[0].rank == pytest.approx(4 / 3, abs=0.1)
    assert "on 2 of 3 families" in str(found)
    assert found.regrets.families == 3


def test_five_families_have_a_say_and_the_far_datasets_of_theirs_have_not(tmp_path: Path) -> None:
    names = ("go_emotions", "set-31", "set-32", "set-33", "set-34", "set-35", "set-500")
    world = replace(MANY, datasets=names, families={"go_emotions": "one", "set-500": "one"})
    found = recommend("go_emotions", results=write(tmp_path, world))
    assert [other.name for other in found.neighbours] == list(names[:5])


def test_a_dataset_of_the_records_is_said_to_be_its_own_neighbour(tmp_path: Path) -> None:
    root = write(tmp_path, MANY)
    found = recommend("go_emotions", results=root)
    assert "  go_emotions (the dataset itself)" in str(found)
    assert found.sureness.startswith("The dataset itself is in the records: its own results count most.")
    assert "itself" not in str(recommend("yeast", results=root))


def test_what_does_not_count_in_the_records_is_said(tmp_path: Path) -> None:
    root = write(tmp_path, MANY)
    store = Store(root / MANY.suite)
    stale = {**store.read(min(store.ids())), "id": "0" * 20, "finished": "2025-01-01T00:00:00+00:00"}
    plain = str(recommend("go_emotions", results=root))
    store.write(stale)
    found = str(recommend("go_emotions", results=root)).splitlines()
    assert found[:-1] == plain.splitlines()
    assert found[-1].startswith("In the records: ")
    assert f"cell {stale['id']} does not count" in found[-1]


def test_a_registered_dataset_without_records_goes_by_its_card(tmp_path: Path) -> None:
    found = recommend("yeast", results=write(tmp_path, MANY))
    assert found.traits.modality == "features"
    assert found.traits.labels == 14
    assert "take this as a guess" in found.sureness


def test_own_data_goes_by_its_path(tmp_path: Path) -> None:
    rows = ["text,labels,split"]
    rows += [f'"word{number} text",{"a;b" if number % 2 else "b"},{("train", "test")[number % 3 == 0]}'
             for number in range(60)]  # fmt: skip
    file = tmp_path / "mine.csv"
    file.write_text("\n".join(rows))
    found = recommend(
        file, results=write(tmp_path / "results", MANY), parameters={"text": "text", "separator": ";"}
    )
    assert found.traits.modality == "text"
    assert found.traits.labels == 2
    assert found.advice


def test_unknown_names_come_with_the_nearest(tmp_path: Path) -> None:
    root = write(tmp_path, MANY)
    with pytest.raises(UnknownNameError, match="did you mean"):
        recommend("go-emotion", results=root)
    with pytest.raises(UnknownNameError, match="metric"):
        recommend("go_emotions", results=root, metric="nope")


def test_distance_is_a_ratio_of_traits() -> None:
    one = Traits("a", "text", 10, 2.0, math.nan, 1000)
    assert distance(one, one) == 0
    assert distance(one, Traits("b", "text", 100, 2.0, 5.0, 1000)) == pytest.approx(1 / 3)
    assert distance(one, Traits("b", "image", 10, 2.0, 5.0, 1000)) == pytest.approx(1.0)


def test_an_unknown_reading_or_fraction_is_an_error_that_knows_those_there_are(
    tmp_path: Path,
) -> None:
    results = write(tmp_path, replace(MANY, fractions=(0.1, 1.0)))
    with pytest.raises(UnknownNameError, match="unknown reading 'logits'") as error:
        recommend("go_emotions", results=results, reading="logits")
    assert error.value.known == ["own", "probe"]
    with pytest.raises(UnknownNameError, match=r"the records: unknown fraction '0\.5'") as error:
        recommend("go_emotions", results=results, fraction=0.5)
    assert error.value.known == ["0.1", "1"]
    few, all_of_it = (recommend("go_emotions", results=results, fraction=share) for share in (0.1, 1.0))
    assert few.where == "mAP, own logits, 10 % of the training data"
    assert all_of_it.where == "mAP, own logits, 100 % of the training data"
