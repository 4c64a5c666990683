"""A user's own data, from real files of every kind; bad input is answered with file, line, key and remedy."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from mlbench.datasets import Dataset, decode_images, fingerprint, load
from mlbench.datasets.loading import check as look
from mlbench.errors import ConfigError, DataError, DatasetNotFoundError

ROWS = 40
TAGS = [["a", "b c"], ["b c"], [], ["a", "d"]]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MLBENCH_DATA", raising=False)


EMPTY_IS_NO_LABEL = {"missing": "negative"}
"""Every fourth row of `tags` has no label, which separated strings can only say by an empty cell."""


def own(**parameters: Any) -> Dataset:
    return load("own", {**EMPTY_IS_NO_LABEL, **parameters}, name="mine")


def write_csv(name: str = "mine.csv", *, delimiter: str = ",", **columns: list[Any]) -> str:
    with Path(name).open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return name


def bodies(count: int = ROWS) -> list[str]:
    return [f'text {row}, "quoted"\nand broken' for row in range(count)]


def tags(count: int = ROWS) -> list[list[str]]:
    return [TAGS[row % 4] for row in range(count)]


def check(dataset: Dataset, labels: tuple[str, ...] = ("a", "b c", "d")) -> None:
    assert dataset.name == "mine"
    assert dataset.labels == labels
    assert sum(dataset.sizes.values()) == ROWS
    counts = sum(dataset.label_counts.values())
    assert counts.tolist() == [20, 20, 10]


def test_csv_with_a_separated_string() -> None:
    write_csv(body=bodies(), tags=[" ; ".join(names) for names in tags()])
    dataset = own(path="mine.csv", text="body", labels="tags", separator=";")
    check(dataset)
    assert dataset.sizes == {"train": 28, "validation": 4, "test": 8}
    assert set(bodies()) == {str(text) for split in dataset.splits.values() for text in split.inputs}


def test_a_comma_in_the_names_of_labels_is_no_separator() -> None:
    write_csv(body=bodies(), tags=["Smith, John", "Doe, Jane"] * (ROWS // 2))
    assert own(path="mine.csv", text="body", labels="tags", separator=";").labels == (
        "Doe, Jane",
        "Smith, John",
    )


def test_tsv_without_quotes() -> None:
    lines = ["body\ttags", *(f'he said "{row}\t{";".join(names)}' for row, names in enumerate(tags()))]
    Path("mine.tsv").write_text("\n".join(lines))
    check(own(path="mine.tsv", text="body", labels="tags", separator=";", quote=""))


def test_another_delimiter() -> None:
    write_csv(delimiter=";", body=bodies(), tags=["|".join(names) for names in tags()])
    check(own(path="mine.csv", text="body", labels="tags", separator="|", delimiter=";"))


@pytest.mark.parametrize("whole", [False, True])
def test_json_lines_with_lists(whole: bool) -> None:
    """One object a line, or one list of them; white space before it is none of it."""
    rows = [{"body": body, "labels": names} for body, names in zip(bodies(), tags(), strict=True)]
    text = "\n " + json.dumps(rows, indent=1) if whole else "\n".join(map(json.dumps, rows)) + "\n\n"
    Path("mine.jsonl").write_text(text)
    check(own(path="mine.jsonl", text="body"))


def test_json_lists_in_csv_cells() -> None:
    write_csv(text=bodies(), labels=[json.dumps(names) for names in tags()])
    check(own(path="mine.csv", separator="json"))


def test_python_lists_in_csv_cells_as_pandas_writes_them() -> None:
    write_csv(text=bodies(), labels=[str(names) for names in tags()])
    check(own(path="mine.csv", separator="json"))
    write_csv(text=bodies(), labels=["[\"it's\", 'b\\'c']", "['x']"] * (ROWS // 2))
    assert own(path="mine.csv", separator="json").labels == ("b'c", "it's", "x")


@pytest.mark.parametrize(
    "cell", ["['a' 'b']", "[a, b]", "['a'", "{'a'}", "['a', print()]", "['\\x']", "['a\nb']", "[" * 100_000]
)
def test_what_is_no_list_is_not_taken_for_one(cell: str) -> None:
    """To Python 'a' 'b' without a comma, as numpy writes them, are one string."""
    write_csv(text=bodies(), labels=["['a']"] * (ROWS - 1) + [cell])
    with pytest.raises(DataError, match=r"line 80: column 'labels': .* is not a JSON list; write it like"):
        own(path="mine.csv", separator="json")


@pytest.mark.parametrize("separator", ["", ",", ";"])
def test_lists_are_not_divided_with_their_brackets(separator: str) -> None:
    for written in (json.dumps, str):
        write_csv(text=bodies(), labels=[written(names) for names in tags()])
        with pytest.raises(DataError, match=r"column 'labels' holds lists such as .* `separator = \"json\"`"):
            own(path="mine.csv", separator=separator)
    write_csv(text=bodies(), labels=["[a];[b]", "[a]"] * (ROWS // 2))
    assert own(path="mine.csv", separator=";").labels == ("[a]", "[b]")


@pytest.mark.parametrize(
    ("cell", "kind"),
    [([["a"]], "list<element: list"), ([1.5], "list<element: double>"), ({"a": 1}, "struct<a: int64>")],
)
def test_what_is_no_list_of_names(cell: Any, kind: str) -> None:
    pq.write_table(pa.table({"text": bodies(), "tags": [cell] * ROWS}), "mine.parquet")
    with pytest.raises(DataError, match=rf"column 'tags' must hold lists of strings, not {kind}"):
        own(path="mine.parquet", labels="tags")


def test_too_few_labels_to_cut_splits() -> None:
    write_csv(body=bodies(), tags=["a", *[""] * (ROWS - 1)])
    with pytest.raises(
        DataError, match=r"no row of the validation split has a label; .* column 'split' or a file"
    ):
        own(**GOOD)


def test_an_empty_name_is_no_label() -> None:
    """Dividing an empty string leaves one empty string."""
    names = [row or [""] for row in tags()]
    pq.write_table(pa.table({"text": bodies(), "labels": names}), "mine.parquet")
    check(own(path="mine.parquet"))
    write_csv(text=bodies(), labels=[json.dumps(row) for row in names])
    check(own(path="mine.csv", separator="json"))


def test_parquet_with_a_split_column() -> None:
    split = ["train"] * 20 + ["valid"] * 8 + ["test"] * 12
    table = pa.table(
        {"body": bodies(), "labels": tags(), "split": split, "id": [f"x{i}" for i in range(ROWS)]}
    )
    pq.write_table(table, "mine.parquet")
    dataset = own(path="mine.parquet", text="body")
    check(dataset)
    assert dataset.sizes == {"train": 20, "validation": 8, "test": 12}
    assert dataset.test.ids[0] == "x28"


def test_indicator_columns_where_minus_one_is_not_scored() -> None:
    first = [1, 0, 0, -1] * 10
    second = ["1", "0", "true", "False"] * 10
    write_csv(
        text=bodies(), toxic=first, rude=second, split=["train"] * 24 + ["validation"] * 8 + ["test"] * 8
    )
    dataset = own(path="mine.csv", labels=["toxic", "rude"])
    assert dataset.labels == ("rude", "toxic")
    assert dataset.test.scored_targets.tolist() == [[1, 1], [0, 0], [1, 0], [0, 255]] * 2


def test_a_table_with_marks_may_have_a_column_without_a_name() -> None:
    """As pandas writes its index; and a label may have the name of the column that says what is not scored."""
    split = ["train"] * 24 + ["validation"] * 8 + ["test"] * 8
    rest = {"": list(range(ROWS)), "text": bodies(), "toxic": [1, 0, 0, -1] * 10, "split": split}
    write_csv(**rest, rude=[1, 0] * 20)
    dataset = own(path="mine.csv", text="text", labels=["toxic", "rude"])
    assert dataset.test.scored_targets[:, 1].tolist() == [1, 0, 0, 255] * 2
    write_csv(**rest | {"toxic": [1, 0, 0, 1] * 10}, unscored=[1, 0] * 20)
    dataset = own(path="mine.csv", text="text", labels=["toxic", "unscored"])
    assert dataset.test.scored_targets.tolist() == [[1, 1], [0, 0], [0, 1], [1, 0]] * 2


@pytest.mark.parametrize("marks", [[0], [0, -1]])
def test_an_indicator_column_without_a_one_is_a_label(marks: list[int]) -> None:
    never = [marks[row % len(marks)] for row in range(ROWS)]
    write_csv(text=bodies(), toxic=[0, 1] * 20, never=never, rude=[1, 0, 0, 0] * 10)
    dataset = own(path="mine.csv", labels=["toxic", "never", "rude"])
    assert dataset.labels == ("never", "rude", "toxic")
    assert sum(dataset.label_counts.values()).tolist() == [0, 10, 20]  # type: ignore[union-attr]
    assert (dataset.test.unscored is not None) == (-1 in marks)


def test_a_split_may_have_nothing_unscored() -> None:
    """The usual case: only the test split says what its annotators left open."""
    split = ["train"] * 20 + ["validation"] * 8 + ["test"] * 12
    unscored = [""] * 28 + ["a", "a;d", "", ""] * 3
    joined = [";".join(names) for names in tags()]
    write_csv(body=bodies(), tags=joined, open=unscored, split=split)
    dataset = own(**GOOD, unscored="open")
    assert dataset.train.unscored is None
    assert dataset.test.unscored is not None
    assert dataset.test.unscored.sum(axis=0).tolist() == [6, 0, 3]
    write_csv(body=bodies(), tags=joined, unscored=unscored, split=split)
    by_its_own_name = own(**GOOD).test.unscored
    assert by_its_own_name is not None
    assert by_its_own_name.sum(axis=0).tolist() == [6, 0, 3]
    write_csv(body=bodies(), tags=joined, open=unscored, split=split)
    with pytest.raises(DataError, match=r"no column 'opn'; did you mean 'open'\? .*`unscored = …`"):
        own(**GOOD, unscored="opn")


def test_feature_columns() -> None:
    write_csv(x=[row / 2 for row in range(ROWS)], y=list(range(ROWS)), labels=[";".join(t) for t in tags()])
    table = pa.table({"x": [row / 2 for row in range(ROWS)], "y": list(range(ROWS)), "labels": tags()})
    pq.write_table(table, "mine.parquet")
    for dataset in (
        own(path="mine.parquet", features=["x", "y"]),
        own(path="mine.csv", features=["x", "y"], separator=";"),
    ):
        check(dataset)
        assert isinstance(dataset.train.inputs, np.ndarray)
        assert (dataset.train.inputs[:, 1] == 2 * dataset.train.inputs[:, 0]).all()


def pictures(folder: Path) -> list[str]:
    (folder / "photos").mkdir(parents=True)
    for row in range(ROWS):
        Image.new("RGB", (8, 6), (row, 0, 0)).save(folder / "photos" / f"{row}.png")
    return [f"photos/{row}.png" for row in range(ROWS)]


def test_a_folder_of_images_with_a_labels_file(tmp_path: Path) -> None:
    names = pictures(tmp_path / "album")
    write_csv("album/labels.csv", file_name=names, labels=[";".join(names) for names in tags()])
    dataset = own(path="album", separator=";")
    check(dataset)
    assert dataset.modality == "image"
    red = decode_images(dataset.train, 4)[:, 0, 0, 0]
    assert (np.diff(red.astype(int)) > 0).all()
    before = fingerprint("own", {**EMPTY_IS_NO_LABEL, "path": "album", "separator": ";"})
    assert before == dataset.fingerprint
    Image.new("RGB", (8, 6), "white").save(tmp_path / "album" / names[0])
    assert fingerprint("own", {**EMPTY_IS_NO_LABEL, "path": "album", "separator": ";"}) != before


def test_paths_as_windows_writes_them(tmp_path: Path) -> None:
    names = [name.replace("/", "\\") for name in pictures(tmp_path / "album")]
    write_csv("album/labels.csv", file_name=names, labels=[";".join(row) for row in tags()])
    check(own(path="album", separator=";"))
    write_csv("album/labels.csv", file_name=["..\\x.png", *names[1:]], labels=["a"] * ROWS)
    (tmp_path / "x.png").write_bytes(b"")
    with pytest.raises(DataError, match="lies outside of"):
        own(path="album", separator=";")


def test_a_table_beside_a_folder_of_images(tmp_path: Path) -> None:
    names = pictures(tmp_path / "album")
    write_csv(photo=[Path(name).name for name in names], labels=[";".join(names) for names in tags()])
    check(own(path="mine.csv", image="photo", images="album/photos", separator=";"))


def test_a_folder_in_our_own_format_and_one_of_csv_files() -> None:
    Path("ours").mkdir()
    for split, count in (("train", 24), ("validation", 8), ("test", 8)):
        pq.write_table(pa.table({"text": bodies(count), "labels": tags(count)}), f"ours/{split}.parquet")
    Path("ours/dataset.toml").write_text(
        'name = "n"\nmodality = "text"\nlicence = "CC0"\nlabels = ["d", "b c", "a"]'
    )
    dataset = own(path="ours")
    assert dataset.labels == ("d", "b c", "a")
    assert (dataset.card.licence, dataset.card.family) == ("CC0", "mine")
    Path("plain").mkdir()
    for split, count in (("train", 24), ("dev", 8), ("test", 8)):
        write_csv(f"plain/{split}.csv", text=bodies(count), labels=[";".join(names) for names in tags(count)])
    assert own(path="plain", separator=";").sizes == {"train": 24, "validation": 8, "test": 8}


def test_a_hub_repository(tmp_path: Path) -> None:
    """A local folder laid out like a repository of the hub, with class numbers and two configurations."""
    import datasets

    names = datasets.ClassLabel(names=["a", "b c", "d"])
    features = datasets.Features({"body": datasets.Value("string"), "labels": datasets.List(names)})
    numbers = [[names.str2int(name) for name in row] for row in tags()]
    data = datasets.Dataset.from_dict({"body": bodies(), "labels": numbers}, features=features)
    for config in ("small", "large"):
        (tmp_path / "repo" / config).mkdir(parents=True)
        for split, rows in (("train", range(20)), ("validation", range(20, 28)), ("test", range(28, 40))):
            data.select(rows).to_parquet(tmp_path / "repo" / config / f"{split}-00000-of-00001.parquet")
    configs = "\n".join(
        f"- config_name: {config}\n  data_files:\n"
        + "\n".join(f"  - split: {s}\n    path: {config}/{s}-*" for s in ("train", "validation", "test"))
        for config in ("small", "large")
    )
    (tmp_path / "repo" / "README.md").write_text(f"---\nconfigs:\n{configs}\n---\n")
    parameters = {**EMPTY_IS_NO_LABEL, "hub": str(tmp_path / "repo"), "config": "small", "text": "body"}
    with pytest.raises(DatasetNotFoundError, match="mlbench fetch"):
        fingerprint("own", parameters)
    dataset = own(**parameters)
    check(dataset)
    assert dataset.sizes == {"train": 20, "validation": 8, "test": 12}
    assert fingerprint("own", parameters) == dataset.fingerprint


def test_relative_paths_are_looked_for_under_the_data_root_too(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    write_csv("root/there.csv", text=bodies(), labels=[";".join(names) for names in tags()])
    parameters = {**EMPTY_IS_NO_LABEL, "path": "there.csv", "separator": ";"}
    assert load("own", parameters, name="mine", data_root=tmp_path / "root").sizes["train"] == 28
    with pytest.raises(DatasetNotFoundError, match=r"looked for there\.csv"):
        load("own", parameters, name="mine")


@pytest.mark.parametrize("what", ["null", '["b"]', '{"b": 1}'])
def test_a_json_list_holds_nothing_but_names(what: str) -> None:
    write_csv(body=bodies(), tags=['["a", 7]'] * 39 + [f'["a", {what}]'])
    with pytest.raises(
        DataError, match=rf"mine\.csv, line 80: column 'tags': .* lists {re.escape(what)}, which"
    ):
        own(**{**GOOD, "separator": "json"})


GOOD = {"path": "mine.csv", "text": "body", "labels": "tags", "separator": ";"}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"text": "boddy"},
            r"mine\.csv: there is no column 'boddy'; did you mean 'body'\? .*'tags'.*`text = …`",
        ),
        ({"labels": "tag"}, r"there is no column 'tag'; did you mean 'tags'"),
        ({"separator": ""}, r"column 'tags' holds strings such as 'a;b c'; .*separator"),
        (
            {"separator": "|"},
            r"separator '\|' occurs in no cell of column 'tags', but ';' does, as in 'a;b c'; say `separator = \";\"`",
        ),
        ({"labels": ["tags"]}, r"line 2: column 'tags' holds 'a;b c'; use 0, 1"),
        ({"labels": "empty"}, r"column 'empty' gives no label in any of 40 rows"),
        ({"text": ""}, r"which column is the input\? .*'body', 'tags'"),
        ({"ids": "same"}, r"line 3: column 'same': id 's' is already that of line 2"),
        ({"features": ["body"], "text": ""}, r"line 2: column 'body' holds what is not a number: 't0'"),
        (
            {"features": "body", "text": ""},
            r"column 'body' holds 't0' and the like .*`features = \[\"body\", …\]`",
        ),
        (
            {"labels": "mark", "separator": ""},
            r"column 'mark' holds '1' and the like; .*`labels = \[\"mark\", …\]`",
        ),
        (
            {"labels": "tags,mark"},
            r"no column 'tags,mark'; a list is written `labels = \[\"tags\", \"mark\"\]`",
        ),
        ({"split": "part"}, r"there is no column 'part'; .*say which one by `split = …`"),
        (
            {"split": "tags"},
            r"line 2: column 'tags' says 'a;b c'; use train, .* something else, `split = \"\"`",
        ),
        ({"split": "same"}, r"line 2: column 'same' says 's'"),
        ({"separator": "json"}, r"line 2: column 'tags': 'a;b c' is not a JSON list"),
    ],
)
def test_wrong_columns(changed: dict[str, Any], message: str) -> None:
    joined = [";".join(names) for names in tags()]
    body = [f"t{row}" for row in range(ROWS)]
    write_csv(body=body, tags=joined, empty=[""] * ROWS, same=["s"] * ROWS, mark=[1, 0] * (ROWS // 2))
    with pytest.raises(DataError, match=message):
        own(**{**GOOD, **changed})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('body,tags\nfine,a\n"open,b\nnext,a\n', r"mine\.csv, line 3: a broken quote .*`quote = \"\"`"),
        ('body,tags\nfine,a\n"x" y,b\n', r"line 3: a broken quote"),
        ("body,tags\nfine,a\nx,y,b\n", r"line 3: 3 cells where the header names 2 columns"),
        ('body,tags\n"two\nlines",a\nx\n', r"line 4: 1 cells where the header names 2"),
        ("", r"it is empty"),
        ("body,tags\n", r"it has no rows"),
        ("body,body\nx,a\n", r"column 'body' is named more than once"),
        ("body,tags\nx,b\n\xe9,a\n", r"line 3: not UTF-8 text \(byte 0xe9\); .* `iconv -f CP1252 -t UTF-8`"),
        ('body;tags\n"x, y";a\n', r"header is one column, 'body;tags'; if ';' .* say `delimiter = \";\"`"),
        ("body\ttags\nx\ta\n", r"say `delimiter = \"\\t\"`"),
    ],
)
def test_broken_csv(content: str, message: str) -> None:
    Path("mine.csv").write_bytes(content.encode("latin-1"))
    with pytest.raises(DataError, match=message):
        own(**GOOD)


def test_utf_16_is_told_by_its_first_bytes() -> None:
    Path("mine.csv").write_text("body,tags\nx,a\n", encoding="utf-16")
    with pytest.raises(DataError, match=r"mine\.csv, line 1: not UTF-8 text .* `iconv -f UTF-16 -t UTF-8`"):
        own(**GOOD)


@pytest.mark.parametrize("wrong", [{"delimiter": ";;"}, {"delimiter": "\\t"}, {"quote": "''"}])
def test_a_delimiter_or_quote_of_several_characters(wrong: dict[str, str]) -> None:
    write_csv(body=bodies(), tags=["a"] * ROWS)
    with pytest.raises(ConfigError, match=r"one character each, not .*; a tab is `delimiter = \"\\t\"`"):
        own(**GOOD, **wrong)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"body": "x", "tags": ["a"]}\n{"body": \n', r"mine\.jsonl, line 2: not valid JSON"),
        ('{"body": "x", "tags": ["a"]}\n[1]\n', r"line 2: a JSON object is needed"),
        ('{"body": "x", "tags": ["a"]}\n\n{"body": 3, "tags": []}\n', r"line 3: column 'body' mixes kinds"),
        ('{"body": "x", "tags": ["a"]}\n{"tags": []}\n', r"line 2: column 'body'.*missing"),
        ("[" * 100_000, r"not valid JSON"),
        (
            '[{"body": "x",\n "tags": ["a"]},\n {"body": 3, "tags": []}]',
            r"jsonl, object 2: column 'body' mixes kinds",
        ),
        ('[{"body": "x",\n "tags": ["a"]},\n 3]', r"jsonl, object 2: a JSON object is needed, not 3"),
    ],
)
def test_broken_json_lines(content: str, message: str) -> None:
    Path("mine.jsonl").write_text(content)
    with pytest.raises(DataError, match=message):
        own(path="mine.jsonl", text="body", labels="tags")


@pytest.mark.parametrize("name", ["split", "id", "unscored"])
def test_a_column_that_cannot_be_used_is_not_one_that_is_not_there(name: str) -> None:
    """One odd cell in it: a split drawn at random, ids that are row numbers or labels scored after all say nothing."""
    good = {"split": "train", "id": "a", "unscored": []}[name]
    rows = [{"body": body, "tags": ["a"], name: good} for body in bodies()]
    rows[3][name] = {"odd": 1}
    Path("mine.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(DataError, match=rf"line 4: column '{name}' mixes kinds of values"):
        own(path="mine.jsonl", text="body", labels="tags")


def test_a_pattern_reaches_a_column_that_cannot_be_used() -> None:
    rows: list[dict[str, Any]] = [{"body": body, "is_a": 1, "is_b": 0} for body in bodies()]
    rows[2]["is_b"] = "1"
    Path("mine.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(DataError, match=r"line 3: column 'is_b' mixes kinds of values"):
        own(path="mine.jsonl", text="body", labels="is_*")


def test_a_text_column_of_numbers_is_refused_with_a_few_missing_too() -> None:
    numbers = pa.array([None, *range(1, 200)])
    pq.write_table(pa.table({"body": numbers, "tags": [["a"]] * 200}), "mine.parquet")
    with pytest.raises(DataError, match="column 'body' must hold strings, not int64"):
        own(path="mine.parquet", text="body", labels="tags")


def test_marks_in_lists_are_told_however_they_are_written() -> None:
    lists = [["True", "False"], ["False", "True"]] * (ROWS // 2)
    pq.write_table(pa.table({"body": bodies(), "tags": lists}), "mine.parquet")
    with pytest.raises(DataError, match="holds lists of 2 marks such as"):
        own(path="mine.parquet", text="body", labels="tags")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"\x93NUMPY\x01\x00v\x00"])
def test_a_damaged_archive_of_arrays(content: bytes) -> None:
    Path("mine.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"mine\.npz: not an archive of plain arrays"):
        own(path="mine.npz")


def test_a_single_array_is_no_archive() -> None:
    np.save("one.npy", np.eye(3))
    Path("one.npy").rename("mine.npz")
    with pytest.raises(DataError, match=r"mine\.npz: not an archive of plain arrays"):
        own(path="mine.npz")


def test_bad_pictures(tmp_path: Path) -> None:
    names = pictures(tmp_path / "album")
    labels = [";".join(row) for row in tags()]
    secret = tmp_path / "secret.png"
    Image.new("RGB", (2, 2)).save(secret)
    for bad, message in (
        ("../secret.png", r"labels\.csv, line 5: image '\.\./secret\.png' lies outside of"),
        (str(secret), "lies outside of"),
        ("photos/99.png", r"image 'photos/99\.png' cannot be read .*; did you mean '9\.png'"),
        ("", "the image's path is empty"),
    ):
        write_csv("album/labels.csv", file_name=[*names[:3], bad, *names[4:]], labels=labels)
        with pytest.raises(DataError, match=message):
            own(path="album", separator=";")
    write_csv("album/labels.csv", file_name=names, labels=labels)
    (tmp_path / "album" / names[7]).write_text("not an image")
    dataset = own(path="album", separator=";")
    (split,) = [split for split in dataset.splits.values() if "7" in split.ids]
    with pytest.raises(DataError, match="not an image that can be read"):
        decode_images(split, 4)


def test_a_split_column_without_train_or_with_a_meaning_of_its_own() -> None:
    columns = {"body": bodies(), "tags": ["a"] * ROWS, "split": ["test"] * ROWS}
    write_csv(**columns)
    with pytest.raises(DataError, match=r"mine\.csv: column 'split' says train for no row; found: test"):
        own(**GOOD)
    assert own(**GOOD, split="").sizes == {"train": 28, "validation": 4, "test": 8}
    fingerprint("own", {**GOOD, "split": ""})
    with pytest.raises(DataError, match="there is no column 'splt'; did you mean 'split'"):
        look("own", {**GOOD, "split": "splt"})


def test_empty_cells_are_rows_without_labels_but_not_a_whole_split() -> None:
    labels = ["a"] * 20 + [""] * 20
    write_csv(body=bodies(), tags=labels, split=["train"] * 20 + ["validation"] * 10 + ["test"] * 10)
    with pytest.raises(
        DataError, match=r"mine\.csv, split validation: column 'tags' gives no label in any of 10"
    ):
        own(**GOOD)


def test_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`path` or from `hub`"):
        own(path="a", hub="b")
    with pytest.raises(ConfigError, match="one of `text`, `image` and `features`"):
        own(path="a", text="b", image="c")
    with pytest.raises(ConfigError, match="need `path = …`"):
        own()
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"which file holds the samples\? .*no table at all"):
        own(path="empty")
    pictures(tmp_path / "empty")
    with pytest.raises(DataError, match=r"no table at all beside 40 images: list them in labels\.csv"):
        own(path="empty")
    Path("mine.pkl").write_bytes(b"\x80\x04N.")
    with pytest.raises(DataError, match=r"files ending in '\.pkl' cannot be read"):
        own(path="mine.pkl")


def test_labels_that_train_never_has_are_kept() -> None:
    split = ["train"] * 20 + ["validation"] * 10 + ["test"] * 10
    write_csv(body=bodies(), tags=["a"] * 30 + ["a;new"] * 10, split=split)
    dataset = own(**GOOD)
    assert dataset.labels == ("a", "new")
    assert dataset.label_counts["train"].tolist() == [20, 0]


def test_a_long_cell_is_read() -> None:
    stream = io.StringIO()
    csv.writer(stream).writerows(
        [["body", "tags"], ["word " * 200_000, "a"], *[[f"x{row}", "b"] for row in range(20)]]
    )
    Path("mine.csv").write_text(stream.getvalue())
    assert max(len(str(text)) for text in own(**GOOD).train.inputs) >= 1
