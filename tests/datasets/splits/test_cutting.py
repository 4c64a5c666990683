"""Cutting splits: the plain cut as it always was, and identical inputs in one split of a user's own data."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mlbench.datasets import Split, load
from mlbench.datasets.base import Inputs
from mlbench.datasets.description.describing import find_duplicates
from mlbench.datasets.splits.cutting import SEED, TEST_SHARE, VALIDATION_SHARE, cut_missing
from mlbench.datasets.splits.stratify import stratified_order
from mlbench.errors import DataError
from tests.cli.test_commands import mlbench
from tests.datasets.splits.test_stratify import correlated

SHARES = {"test": TEST_SHARE, "validation": VALIDATION_SHARE}


def split_of(inputs: Inputs, targets: npt.NDArray[np.uint8]) -> Split:
    return Split(inputs, targets, [str(row) for row in range(len(inputs))])


def texts_of(numbers: list[int], labels: int = 4) -> Split:
    """Texts that are the same where their numbers are; labels that are not always."""
    targets = correlated(len(numbers), labels, labels / 4, seed=len(numbers))
    return split_of([f"text {number}" for number in numbers], targets)


def plain_cut(count: int, targets: npt.NDArray[np.uint8], names: list[str]) -> dict[str, list[str]]:
    """The ids of each split where every row is for itself: consecutive pieces of the stratified order."""
    order = stratified_order(targets, SEED, phase=0.5)
    cut, start = {}, 0
    for name in names:
        end = start + round(SHARES[name] * count)
        cut[name] = sorted(order[start:end])
        start = end
    cut["train"] = sorted(order[start:])
    return {name: [str(row) for row in rows] for name, rows in cut.items()}


numbers_with_repeats = st.lists(st.integers(0, 30), min_size=1, max_size=120)


@settings(max_examples=150, deadline=None)
@given(numbers_with_repeats, st.sampled_from([(), ("validation",), ("test",)]))
def test_identical_inputs_stay_together(numbers: list[int], there: tuple[str, ...]) -> None:
    train, other = texts_of(numbers), texts_of([100, 101])
    given_splits = {"train": train, **dict.fromkeys(there, other)}
    cut = cut_missing(given_splits, together=True)
    again = cut_missing(given_splits, together=True)
    mine = {name: split for name, split in cut.items() if name not in there}
    ids = Counter(sample for split in mine.values() for sample in split.ids)
    assert ids == Counter(train.ids)
    held = [set(split.inputs) for split in mine.values()]
    assert sum(map(len, held)) == len(set(train.inputs))
    largest = max(Counter(train.inputs).values())
    for name, split in cut.items():
        assert split.ids == again[name].ids
        assert split.ids == sorted(split.ids, key=int)
        if name in there:
            assert split is other
            continue
        for row, sample in zip(split.ids, split.inputs, strict=True):
            assert sample == train.inputs[int(row)]
        assert (split.targets == train.targets[[int(row) for row in split.ids]]).all()
        if name != "train":
            assert len(split) < round(SHARES[name] * len(train)) + largest
    assert len(cut["train"]) > 0


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 150), st.integers(1, 6), st.booleans(), st.sampled_from([(), ("validation",), ("test",)])
)
def test_the_plain_cut_and_that_of_unlike_inputs_are_one(
    count: int, labels: int, together: bool, there: tuple[str, ...]
) -> None:
    train = texts_of(list(range(count)), labels)
    names = [name for name in SHARES if name not in there]
    cut = cut_missing({"train": train, **dict.fromkeys(there, texts_of([7]))}, together=together)
    for name, ids in plain_cut(count, train.targets, names).items():
        assert cut[name].ids == ids


def test_what_is_known_by_name_is_cut_without_regard_to_identical_inputs() -> None:
    train = texts_of([row % 25 for row in range(100)])
    cut = cut_missing({"train": train})
    for name, ids in plain_cut(100, train.targets, ["test", "validation"]).items():
        assert cut[name].ids == ids


@settings(max_examples=40, deadline=None)
@given(st.integers(20, 400), st.data())
def test_pairs_leave_the_sizes_as_they_are(count: int, data: st.DataObject) -> None:
    """Whatever share of the inputs is there twice, a split misses its size by one row at most."""
    unlike = data.draw(st.integers((count + 1) // 2, count))
    cut = cut_missing({"train": texts_of([row % unlike for row in range(count)])}, together=True)
    for name, share in SHARES.items():
        assert abs(len(cut[name]) - round(share * count)) <= 1


@pytest.mark.parametrize(
    ("groups", "rows", "test", "validation"),
    [
        (14, 3, 9, 3),  # of 42 rows 8 and 4 are wanted: what comes nearest
        (4, 10, 10, 10),  # of 40 rows 8 and 4: a split is rather too large than empty
    ],
)
def test_where_no_groups_add_up_to_a_split(groups: int, rows: int, test: int, validation: int) -> None:
    cut = cut_missing({"train": texts_of([row % groups for row in range(groups * rows)])}, together=True)
    assert (len(cut["test"]), len(cut["validation"])) == (test, validation)


def test_no_input_is_more_than_a_quarter_of_a_split_where_there_are_others() -> None:
    numbers = [row // 90 for row in range(720)] + list(range(1000, 1280))
    cut = cut_missing({"train": texts_of(numbers)}, together=True)
    assert cut["train"].inputs.count("text 0") == 90
    for name, share in SHARES.items():
        assert len(cut[name]) > 0.5 * share * len(numbers)
        assert max(Counter(cut[name].inputs).values()) <= share * len(numbers) / 4


def test_labels_keep_their_shares() -> None:
    """Against drawing the unlike inputs at random, whose deviation is known for a label's rows that come in threes."""
    inputs, labels = 1500, 40
    targets = correlated(inputs, labels, 3.0, seed=2)
    rows = np.random.default_rng(0).permutation(np.repeat(np.arange(inputs), 3))
    cut = cut_missing({"train": split_of([f"text {row}" for row in rows], targets[rows])}, together=True)
    counts = 3 * targets.sum(axis=0)
    for name, share in SHARES.items():
        assert len(cut[name]) == round(share * 3 * inputs)
        by_chance = np.sqrt(3 * counts * share * (1 - share))
        deviation = (cut[name].targets.sum(axis=0) - share * counts) / by_chance
        assert np.sqrt((deviation**2).mean()) < 0.5


def test_an_input_that_is_there_very_often_is_trained_on() -> None:
    """An empty comment on three quarters of the rows neither fills a split nor is all that train has left."""
    cut = cut_missing({"train": texts_of([0] * 300 + list(range(1, 101)))}, together=True)
    assert cut["train"].inputs.count("text 0") == 300
    assert len(set(cut["train"].inputs)) > 30
    assert len(cut["test"]) > 30
    assert len(cut["validation"]) > 15


def test_equal_numbers_are_identical_whatever_their_sign() -> None:
    values = np.repeat(np.arange(40, dtype=np.float32), 2)[:, None] * np.float32([1, 0])
    values[::2, 1] = -0.0
    cut = cut_missing({"train": split_of(values, np.ones((80, 1), np.uint8))}, together=True)
    held = [{float(row[0]) for row in np.asarray(split.inputs)} for split in cut.values()]
    assert sum(map(len, held)) == 40


ROWS = 60
LABELS = [["a", "b"], ["a"], ["b"], []]


def picture(number: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (4, 4), (number, 0, 0)).save(stream, "PNG")
    return stream.getvalue()


def table(column: str, rows: range | list[int]) -> pa.Table:
    """Each input on three rows, with its own labels on each."""
    inputs: dict[str, Any] = {
        "text": [f"text {row // 3}" for row in rows],
        "image": [picture(row // 3) for row in rows],
        "features": [[float(row // 3), 1.0] for row in rows],
    }
    return pa.table({column: inputs[column], "labels": [LABELS[row % 4] for row in rows]})


@pytest.mark.parametrize("column", ["text", "image", "features"])
@pytest.mark.parametrize("how", ["file", "folder", "without validation", "without test"])
def test_ones_own_data(column: str, how: str, tmp_path: Path) -> None:
    """Every kind of input, and every way in which splits are cut."""
    if how == "file":
        path = tmp_path / "mine.parquet"
        pq.write_table(table(column, range(ROWS)), path)
    else:
        path = tmp_path / "mine"
        path.mkdir()
        pq.write_table(table(column, range(ROWS)), path / "train.parquet")
        for name, stem in (("without validation", "test"), ("without test", "validation")):
            if how == name:
                pq.write_table(table(column, range(ROWS, ROWS + 9)), path / f"{stem}.parquet")
    dataset = load("own", {"path": str(path)})
    assert dataset.modality == column
    assert find_duplicates(dataset)[0] == dict.fromkeys(find_duplicates(dataset)[0], 0)
    assert sum(dataset.sizes.values()) == ROWS + 9 * how.startswith("without")


def test_splits_that_are_given_are_kept_and_what_they_share_is_counted(tmp_path: Path) -> None:
    for stem, rows in (("train", range(ROWS)), ("validation", range(9)), ("test", range(6, 30))):
        pq.write_table(table("text", rows), tmp_path / f"{stem}.parquet")
    dataset = load("own", {"path": str(tmp_path)})
    assert dataset.sizes == {"train": ROWS, "validation": 9, "test": 24}
    assert find_duplicates(dataset)[0] == {
        "train and validation": 3,
        "train and test": 8,
        "validation and test": 1,
    }


def test_a_csv_with_identical_texts_through_the_command(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["body", "tags"])
        writer.writerows([f'"so", they said {row % 80}', ";".join(LABELS[row % 4])] for row in range(200))
    said = ("text=body", "labels=tags", "separator=;", "missing=negative")
    columns = [word for key in said for word in ("--column", key)]
    described = json.loads(mlbench("describe", str(file), *columns, "--json").stdout)
    assert described["shared"] == {"train and validation": 0, "train and test": 0, "validation and test": 0}
    assert described["repeated"] > 0
    assert described["sizes"] == {
        "train": 200 - sum(described["sizes"][name] for name in SHARES),
        "validation": pytest.approx(20, abs=1),
        "test": pytest.approx(40, abs=1),
    }


@pytest.mark.parametrize("unlike", [1, 2])
def test_too_few_unlike_inputs_to_cut_splits(unlike: int, tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"text": [f"{i % unlike}" for i in range(30)], "labels": [["a"]] * 30}),
        tmp_path / "x.parquet",
    )
    with pytest.raises(DataError, match=r"split is empty: .*too alike.*column 'split'"):
        load("own", {"path": str(tmp_path / "x.parquet")})
