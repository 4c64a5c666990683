"""The folder format, read from real files; every complaint names the file, the row and the remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlbench.datasets.cards import Card
from mlbench.datasets.files.folder import read_folder
from mlbench.datasets.files.writing import Sample, write_samples
from mlbench.errors import DataError

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a folder of splits given as column dictionaries."""

    def writer(toml: str | None = None, **splits: dict[str, Any]) -> Path:
        folder = tmp_path / "mine"
        folder.mkdir(exist_ok=True)
        for split, columns in splits.items():
            pq.write_table(pa.table(columns), folder / f"{split}.parquet")
        if toml is not None:
            (folder / "dataset.toml").write_text(toml)
        return folder

    return writer


def texts(count: int = 4, **changed: Any) -> dict[str, Any]:
    columns = {"text": [f"text {row}" for row in range(count)], "labels": [["a"], ["b", "a"]] * (count // 2)}
    return {**columns, **changed}


def test_three_splits_of_text(write: Write) -> None:
    folder = write(train=texts(), validation=texts(2), test=texts(2, id=["x", "y"], title=["ignored"] * 2))
    dataset = read_folder(folder, "shown")
    assert (dataset.name, dataset.modality, dataset.labels) == ("shown", "text", ("a", "b"))
    assert dataset.sizes == {"train": 4, "validation": 2, "test": 2}
    assert dataset.train.inputs == ["text 0", "text 1", "text 2", "text 3"]
    assert dataset.train.targets.tolist() == [[1, 0], [1, 1], [1, 0], [1, 1]]
    assert dataset.train.ids == ["0", "1", "2", "3"]
    assert dataset.test.ids == ["x", "y"]
    assert dataset.label_counts["train"].tolist() == [4, 2]
    assert dataset.cardinality == 1.5


def test_features_and_vocabulary_and_card(write: Write) -> None:
    toml = 'modality = "features"\nlicence = "CC0"\nlabels = ["b", "a", "never"]\n[splits]\ntrain = 4\n'
    columns = {"features": [[1.0, 2.0], [3.0, 4.0]] * 2, "labels": [["a"], [], None, ["b"]]}
    dataset = read_folder(write(toml, train=columns, validation=columns, test=columns), "f")
    assert dataset.labels == ("b", "a", "never")
    assert isinstance(dataset.train.inputs, np.ndarray)
    assert dataset.train.inputs.dtype == np.float32
    assert dataset.train.targets.tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0], [1, 0, 0]]
    assert dataset.card.licence == "CC0"


def test_unscored_entries(write: Write) -> None:
    columns = texts(unscored=[["a"], [], None, ["a", "b"]])
    dataset = read_folder(write(train=texts(), validation=columns, test=texts()), "u")
    assert dataset.validation.scored_targets.tolist() == [[255, 0], [1, 1], [1, 0], [255, 255]]
    assert dataset.test.unscored is None


@pytest.mark.parametrize("wrap", [lambda b: b, lambda b: {"bytes": b, "path": "x.png"}])
def test_images_as_bytes_and_as_the_hub_struct(write: Write, wrap: Callable[[bytes], Any]) -> None:
    columns = {"image": [wrap(b"one"), wrap(b"two")], "labels": [["a"], ["b"]]}
    dataset = read_folder(write(train=columns, validation=columns, test=columns), "i")
    assert dataset.modality == "image"
    assert dataset.train.inputs == [b"one", b"two"]


@pytest.mark.parametrize(
    ("present", "sizes"),
    [
        (("train", "test"), (900, 100, 50)),
        (("train", "validation"), (800, 50, 200)),
        (("train",), (700, 100, 200)),
    ],
)
def test_missing_splits_are_cut_from_train(
    write: Write, present: tuple[str, ...], sizes: tuple[int, int, int]
) -> None:
    parts = {split: texts(1000 if split == "train" else 50) for split in present}
    folder = write(**parts)
    dataset, again = read_folder(folder, "d"), read_folder(folder, "d")
    assert tuple(dataset.sizes.values()) == sizes
    assert dataset.train.ids == again.train.ids
    cut = [split for split in ("train", "validation", "test") if split == "train" or split not in present]
    ids = [identity for split in cut for identity in dataset.splits[split].ids]
    assert sorted(ids, key=int) == [str(row) for row in range(1000)]
    for split in cut:
        assert abs(dataset.splits[split].targets[:, 1].mean() - 0.5) < 0.02


def test_a_split_column_of_a_single_file_is_obeyed(write: Write) -> None:
    dataset = read_folder(write(train=texts(6, split=["train"] * 3 + ["val"] + ["test"] * 2)), "d")
    assert dataset.sizes == {"train": 3, "validation": 1, "test": 2}
    assert dataset.test.inputs == ["text 4", "text 5"]


def test_written_folders_read_back(tmp_path: Path) -> None:
    card = Card("back", "text", licence="CC0", task="say\tso", quirks=("one", 'two "2"'))
    vocabulary = ('quo"te', "ünï")
    samples = [
        (split, Sample(text, [label], text, unscored=[label] if split == "test" and text == "one" else []))
        for split in ("train", "validation", "test")
        for text, label in zip(("one", "two"), vocabulary, strict=True)
    ]
    for _ in range(2):
        sizes = write_samples(tmp_path / "back", samples, card, vocabulary)
    assert sizes == {"train": 2, "validation": 2, "test": 2}
    dataset = read_folder(tmp_path / "back", "back")
    assert dataset.labels == vocabulary
    assert (dataset.card.task, dataset.card.quirks) == (card.task, card.quirks)
    assert dataset.test.scored_targets.tolist() == [[255, 0], [0, 1]]
    assert dataset.train.unscored is None
    assert [file.name for file in tmp_path.iterdir()] == ["back"]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "label outside the vocabulary": (
        texts(labels=[["a"], ["b"], ["bb"], []]),
        r"train\.parquet, row 2: label 'bb' .*'b'.*dataset\.toml",
    ),
    "text that is None": (texts(text=["x", None, "y", "z"]), r"train\.parquet, row 1: .*'text'.*None"),
    "no rows": (
        {"text": pa.array([], pa.string()), "labels": pa.array([], pa.list_(pa.string()))},
        r"train\.parquet: the split is empty",
    ),
    "label that is None": (texts(labels=[["a"], ["b", None], [], []]), r"train\.parquet, row 1: .*None"),
    "labels in one string": (texts(labels=["a;b"] * 4), r"column 'labels' must hold lists.*separator"),
    "no labels column": ({"text": ["x"], "label": [["a"]]}, r"no column 'labels'"),
    "no label anywhere": (texts(labels=[[]] * 4), r"no row of the train split has a label"),
    "ids given twice": (
        texts(id=["p", "q", "p", "r"]),
        r"row 2: column 'id': id 'p' is already that of row 0",
    ),
    "texts that are numbers": (texts(text=[1, 2, 3, 4]), r"column 'text' must hold strings, not int64"),
    "no input at all": ({"body": ["x"], "labels": [["a"]]}, r"no column 'text'.*columns are"),
    "an unknown split": (
        texts(split=["train", "test", "tset", "test"]),
        r"row 2: column 'split' says 'tset'",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_rows(write: Write, case: str) -> None:
    columns, message = BAD[case]
    with pytest.raises(DataError, match=message):
        read_folder(write('modality = "text"\nlabels = ["a", "b"]\n', train=columns), "d")


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ([[1.0], [1.0, 2.0]], r"row 1: 2 numbers in 'features' where row 0 has 1"),
        ([[1.0], [float("nan")]], r"row 1: .*NaN or infinite"),
        ([[1.0], [None]], r"row 1: .*missing, NaN or infinite"),
        ([[1.0], None], r"row 1: .*the vector is missing"),
        ([["x"], ["y"]], r"must hold lists of numbers"),
    ],
)
def test_bad_vectors(write: Write, features: list[Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_folder(write(train={"features": features, "labels": [["a"], ["b"]]}), "d")


def test_vectors_of_another_length_in_test(write: Write) -> None:
    one, two = ({"features": [[1.0] * width] * 2, "labels": [["a"]] * 2} for width in (1, 2))
    with pytest.raises(
        DataError, match=r"test\.parquet: its vectors have 2 numbers, those of the train split 1"
    ):
        read_folder(write(train=one, validation=one, test=two), "d")


def test_an_image_without_bytes(write: Write) -> None:
    columns = {"image": [{"bytes": b"x", "path": "a"}, {"bytes": None, "path": "b"}], "labels": [["a"]] * 2}
    with pytest.raises(DataError, match=r"row 1: .*no bytes"):
        read_folder(write(train=columns), "d")


@pytest.mark.parametrize("content", [b"", b"PAR1 nonsense", b"\x00" * 5000])
def test_a_broken_parquet_file_is_named(write: Write, content: bytes) -> None:
    folder = write(train=texts())
    (folder / "test.parquet").write_bytes(content)
    with pytest.raises(
        DataError, match=r"test\.parquet: not a readable Parquet file .*fetch or write it again"
    ):
        read_folder(folder, "d")


def test_a_parquet_file_cut_short_is_named(write: Write) -> None:
    folder = write(train=texts())
    whole = (folder / "train.parquet").read_bytes()
    (folder / "train.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"train\.parquet: not a readable Parquet file"):
        read_folder(folder, "d")


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("modality = ", "not valid TOML"),
        ('modality = "sound"', "modality must be one of"),
        ('modality = "text"\nlabels = "a"', "labels must be a list"),
        ('modality = "text"\nlabels = ["a", "a"]', "more than once"),
        ('modality = "text"\nquirks = 3', "quirks must be a list"),
        (f'modality = "text"\ntask = 0x{"1" * 5000}', "not valid TOML: a number has too many digits"),
        ('modality = "image"', "no column 'image'"),
    ],
)
def test_a_broken_card(write: Write, toml: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_folder(write(toml, train=texts()), "d")


def test_a_table_of_two_inputs_is_asked_which(write: Write) -> None:
    folder = write(train=texts(features=[[1.0]] * 4))
    with pytest.raises(DataError, match="is needed, found text and features; its columns are"):
        read_folder(folder, "mine")
