"""Suites that train one dataset in two ways share no table; those that agree, or share no dataset, do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mlbench.errors import UnknownNameError
from mlbench.records import Store
from mlbench.report import compare, report
from mlbench.report.data.merge import merge, merge_kinds
from tests.report.synthetic import World, records, write

ONE = World(losses={"bce": 0.0, "asl": 0.02}, datasets=("data-a", "data-b"), fractions=(1.0,), seeds=(0, 1), ceiling=(),
            suite="one")  # fmt: skip


def write_trained(folder: Path, world: World, **train: object) -> Path:
    """A world whose cells have these values of `[train]`."""
    store = Store(folder / world.suite)
    store.prepare()
    for record, _ in records(world):
        record["cell"]["train"] |= train
        store.write(record)
    return folder


def suites(folder: Path) -> list[set[str]]:
    """Of each part of a report, in order."""
    return [set(merged.cells["suite"]) for merged in merge_kinds([folder])]


def test_suites_that_agree_share_a_table(tmp_path: Path) -> None:
    write_trained(tmp_path, ONE, head_bias="prior")
    more = replace(ONE, suite="two", losses={"msc": 0.0}, datasets=("data-b", "data-c"))
    write_trained(tmp_path, more, head_bias="prior")
    assert suites(tmp_path) == [{"one", "two"}]


def test_suites_without_a_common_dataset_share_one_too(tmp_path: Path) -> None:
    write_trained(tmp_path, ONE, head_bias="prior")
    write_trained(tmp_path, replace(ONE, suite="two", datasets=("data-c",)), head_bias="zero")
    assert suites(tmp_path) == [{"one", "two"}]


@pytest.mark.parametrize("change", ["protocol", "encoder"])
def test_suites_that_train_a_dataset_in_two_ways_stand_apart_the_larger_first(
    tmp_path: Path, change: str
) -> None:
    write_trained(tmp_path, replace(ONE, datasets=("data-b",)), head_bias="prior")
    other = replace(ONE, suite="two", encoder="lsa" if change == "encoder" else "bag")
    write_trained(tmp_path, other, head_bias="zero" if change == "protocol" else "prior")
    write_trained(tmp_path, replace(ONE, suite="three", datasets=("data-c",)), head_bias="zero")
    assert suites(tmp_path) == [{"two", "three"}, {"one"}]


def test_suites_that_share_neither_a_dataset_nor_their_losses_stand_apart(tmp_path: Path) -> None:
    write_trained(tmp_path, ONE, head_bias="prior")
    other = replace(ONE, suite="two", datasets=("data-c",), losses={"bce": 0.0, "msc": 0.0})
    write_trained(tmp_path, other, head_bias="prior")
    assert suites(tmp_path) == [{"one"}, {"two"}]


def test_suites_with_other_variants_of_a_family_stand_apart(tmp_path: Path) -> None:
    """One trains data-b at several lengths: its mean over them is none of data-b as the other suite trains it."""
    write_trained(tmp_path, ONE, head_bias="prior")
    lengths = replace(ONE, suite="longer", datasets=("data-b", "data-b-x10"), losses={"bce": 0.0})
    store = Store(tmp_path / "longer")
    store.prepare()
    for record, _ in records(lengths):
        record["cell"]["train"] |= {"head_bias": "prior"}
        record["dataset"]["family"] = "data-b"
        store.write(record)
    write_trained(tmp_path, replace(ONE, suite="three", datasets=("data-c",)), head_bias="prior")
    assert suites(tmp_path) == [{"one", "three"}, {"longer"}]


def test_threads_and_time_limits_do_not_matter(tmp_path: Path) -> None:
    write_trained(tmp_path, ONE, threads=1)
    write_trained(tmp_path, replace(ONE, suite="two", losses={"msc": 0.0}), threads=8, time_limit=60.0)
    assert suites(tmp_path) == [{"one", "two"}]


@pytest.mark.slow
def test_each_part_is_named_by_its_suites_and_has_a_page(tmp_path: Path) -> None:
    write_trained(tmp_path / "results", ONE, head_bias="prior")
    write_trained(tmp_path / "results", replace(ONE, suite="two", datasets=("data-b",)), head_bias="zero")
    page = report(tmp_path / "results", tmp_path / "report").read_text()
    assert "Results of two with default hyperparameters" in page
    (other,) = (tmp_path / "report" / "others").iterdir()
    assert other.name.endswith("-2")
    assert (other / "index.html").is_file()
    assert f"others/{other.name}/index.html" in page


def test_what_is_compared_is_looked_for_where_it_is(tmp_path: Path) -> None:
    write_trained(tmp_path, ONE, head_bias="prior")
    write_trained(
        tmp_path,
        replace(ONE, suite="two", datasets=("data-b",), losses={"msc": 0.0, "bce": 0.0}),
        head_bias="zero",
    )
    assert "left out: no table may hold both" in str(compare("msc", "bce", results=tmp_path))
    assert set(merge([tmp_path]).cells["loss"]) == {"asl", "bce"}
    with pytest.raises(UnknownNameError, match="'mcs'"):
        compare("mcs", "bce", results=tmp_path)


def test_two_ways_of_training_are_compared_as_folders(tmp_path: Path) -> None:
    """The same losses on the same datasets: what a key of the protocol is worth."""
    write_trained(tmp_path, ONE, head_bias="prior", epochs=5)
    ahead = replace(ONE, suite="two", losses={"bce": 0.1, "asl": 0.12})
    write_trained(tmp_path, ahead, head_bias="zero", epochs=5)
    told = compare(str(tmp_path / "two"), str(tmp_path / "one"))
    assert "the two differ in [train]: head_bias = zero and prior" in str(told)
    assert "epochs" not in str(told)
    assert told.mean == pytest.approx(0.1, abs=0.02)
    write(tmp_path / "plain", ONE)
    assert "differ in [train]" not in str(
        compare(str(tmp_path / "plain" / "one"), str(tmp_path / "plain" / "one"))
    )
