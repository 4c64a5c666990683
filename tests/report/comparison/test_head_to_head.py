"""Two losses, or two folders, head to head."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mlbench.errors import DataError, UnknownNameError
from mlbench.records import Store, load_records
from mlbench.report import compare
from tests.report.exact import write_exact
from tests.report.synthetic import World, write

MANY = World(
    losses={"bce": 0.0, "asl": 0.05, "focal": 0.0},
    datasets=tuple(f"set-{number}" for number in range(8)),
    families={},
    keys=("map", "ranking_loss"),
)


def test_differences_are_those_of_the_records(tmp_path: Path) -> None:
    root = write(tmp_path, MANY)
    found = compare("asl", "bce", results=root)
    frame = load_records(root)
    cells = frame[frame["fraction"] == 1.0].pivot_table(
        index="dataset", columns="loss", values="metrics/test/map"
    )
    for duel in found.duels:
        expected = cells.loc[duel.task, "asl"] - cells.loc[duel.task, "bce"]
        assert duel.difference.mean == pytest.approx(expected)
        assert duel.difference.low < expected < duel.difference.high
    assert "Across families: asl is better than bce: asl − bce is +" in found.verdict
    assert "95 % interval" in str(found)
    assert (
        f"mean over families {found.differences.mean:+.3f}, median {found.differences.median:+.3f}; +"
        in str(found)
    )


def test_it_can_be_turned_round(tmp_path: Path) -> None:
    root = write(tmp_path, MANY)
    here, there = compare("asl", "bce", results=root), compare("bce", "asl", results=root)
    assert here.differences.mean == pytest.approx(-there.differences.mean)
    assert "asl is better than bce: bce − asl is −" in there.verdict


def test_less_is_better_is_turned_into_more(tmp_path: Path) -> None:
    assert compare("asl", "bce", results=write(tmp_path, MANY), metric="ranking_loss").differences.mean > 0.02


def test_equal_losses_are_practically_equal(tmp_path: Path) -> None:
    found = compare("focal", "bce", results=write(tmp_path, replace(MANY, noise=0.001)))
    assert "practically equal" in found.verdict


def test_two_folders(tmp_path: Path) -> None:
    old = write(tmp_path / "old", MANY)
    new = write(tmp_path / "new", replace(MANY, losses={"bce": 0.03, "asl": 0.08}, suite="new"))
    found = compare(str(new), str(old))
    assert len(found.duels) == 8
    assert found.differences.mean == pytest.approx(0.03, abs=0.006)


def test_a_stale_record_in_a_folder_does_not_count(tmp_path: Path) -> None:
    old = write(tmp_path / "old", MANY)
    new = write(tmp_path / "new", replace(MANY, losses={"bce": 0.03, "asl": 0.08}, suite="new"))
    plain = compare(str(new), str(old))
    store = Store(new / "new")
    for number, identifier in enumerate(sorted(store.ids())):
        stale = {**store.read(identifier), "id": f"{number:020}", "finished": "2025-01-01T00:00:00+00:00"}
        store.write({**stale, "metrics": {"test": {"map": 0.999}}})
    again = compare(str(new), str(old))
    assert again.differences.mean == plain.differences.mean
    assert "In the records" not in str(plain)
    assert "In the records: asl on set-0: cells " in str(again)
    assert "In the records: asl on set-0: cells " in str(compare("asl", "bce", results=new))


def test_one_dataset_gives_no_verdict_on_others(tmp_path: Path) -> None:
    found = compare("asl", "bce", results=write(tmp_path, MANY), datasets=["set-1"], fraction=0.1)
    assert [duel.task for duel in found.duels] == ["set-1"]
    assert "1 family says nothing of others" in found.verdict
    assert "10 %" in found.where


def test_one_seed_has_no_interval(tmp_path: Path) -> None:
    found = compare("asl", "bce", results=write(tmp_path, replace(MANY, seeds=(0,))))
    assert np.isnan(found.duels[0].difference.low)
    assert "unknown: one seed" in str(found)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"first": "alz"}, "unknown loss 'alz'; did you mean 'asl'"),
        ({"metric": "mapp"}, "unknown metric 'mapp'; did you mean 'map'"),
        ({"reading": "probes"}, "unknown reading 'probes'; did you mean 'probe'"),
        ({"datasets": ["set_1"]}, "unknown dataset 'set_1'; did you mean 'set-1'"),
        ({"fraction": 0.5}, "unknown fraction '0.5'"),
    ],
)
def test_unknown_names_are_named_with_the_nearest(
    arguments: dict[str, object], message: str, tmp_path: Path
) -> None:
    root = write(tmp_path, MANY)
    call = {"first": "asl", "second": "bce", "results": root, **arguments}
    with pytest.raises(UnknownNameError, match=message.replace("?", r"\?")):
        compare(**call)  # type: ignore[arg-type]


def test_losses_that_share_nothing_are_an_error(tmp_path: Path) -> None:
    world = replace(MANY, missing=[("asl", name, None, None) for name in MANY.datasets[:4]]
                    + [("bce", name, None, None) for name in MANY.datasets[4:]])  # fmt: skip
    with pytest.raises(DataError, match="share no finished cell"):
        compare("asl", "bce", results=write(tmp_path, world))


def test_a_dataset_that_one_side_lacks_is_named(tmp_path: Path) -> None:
    here, gone = ["set-a", "set-b", "set-c"], [("asl", "set-b", None, None), (None, "set-c", None, None)]
    world = World(
        losses={"asl": 0.1, "bce": 0.0}, datasets=here, fractions=(1.0,), keys=("map",), missing=gone
    )
    root, whole = write(tmp_path / "some", world), write(tmp_path / "all", replace(world, missing=()))
    lacking = "Not compared, since one of the two has no result there: "
    found = compare("asl", "bce", results=root)
    assert [duel.task for duel in found.duels] == ["set-a"]
    assert found.verdict.endswith(f"{lacking}set-b.")
    assert compare(str(root), str(whole), results=root).verdict.endswith(f"{lacking}set-c.")
    assert lacking not in compare("asl", "bce", results=whole).verdict
    assert lacking not in compare("asl", "bce", results=root, datasets=["set-a"]).verdict


def test_how_often_two_are_significantly_different_is_said_in_words(tmp_path: Path) -> None:
    def said(name: str, datasets: int, gain: float, spread: float, seeds: int = 3) -> str:
        random = np.random.default_rng(0)
        noise = spread * random.normal(size=(2, datasets, seeds))
        root = write_exact(tmp_path / name, {"asl": 0.5 + gain + noise[0], "bce": 0.5 + noise[1]})
        return str(compare("asl", "bce", results=root))

    assert "asl is significantly better on set-0. " in said("one", 1, 0.2, 0.001)
    assert "asl is significantly worse on set-0. " in said("worse", 1, -0.2, 0.001)
    assert "asl and bce are not significantly different on set-0. " in said("near", 1, 0.0, 0.001)
    assert "asl and bce are not significantly different on any of 3 datasets. " in said(
        "three", 3, 0.0, 0.0001
    )
    unknown = said("unknown", 1, 0.1, 0.001, seeds=1)
    assert "Within the dataset nothing says how sure a difference is. " in unknown
    assert "by seeds alone" not in unknown
    level = said("level", 2, -0.0001, 0.0)
    assert "-0.000" not in level
    assert "+0.000" not in level


def test_what_is_wrong_with_both_folders_is_said_once(tmp_path: Path) -> None:
    old = World(losses={"asl": 0.1}, datasets=["set-a"], fractions=(1.0,), keys=("map",), version=2)
    first, second = write(tmp_path / "first", old), write(tmp_path / "second", old)
    assert len(compare(str(first), str(second), results=first).problems) == 1
