"""Small files of the kinds that people have, and what mlbench says of each. `python -m tests.datasets.user.kinds` in an
empty folder writes them and prints the table."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
from PIL import Image

from mlbench.datasets import Dataset, load
from mlbench.errors import MlbenchError

ROWS = 40
TEXTS = [f"text number {row} of these" for row in range(ROWS)]
TAGS = [[["a", "b c"], ["b c"], ["d"], ["a", "d"]][row % 4] for row in range(ROWS)]
"""On average 1.5 labels a row, none without one."""
HOT = [[int(label in names) for label in ("a", "b c", "d")] for names in TAGS]
LABELS = ("a", "b c", "d")
NAMED = {"label_names": list(LABELS)}


@dataclass(frozen=True)
class Kind:
    """write: writes the file, returns what `own` is asked with. says: what the error says, or None where it is read:
    then the labels are `labels`, as often as in TAGS, and `remark` is among the dataset's remarks."""

    name: str
    write: Callable[[], dict[str, Any]]
    says: str | None = None
    labels: tuple[str, ...] = LABELS
    remark: str = ""


KINDS: list[Kind] = []


def kind(
    name: str, *, says: str | None = None, labels: tuple[str, ...] = LABELS, remark: str = ""
) -> Callable[[Callable[[], dict[str, Any]]], Callable[[], dict[str, Any]]]:
    """A function that writes one of the files."""

    def add(write: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
        KINDS.append(Kind(name, write, says, labels, remark))
        return write

    return add


def table(name: str, columns: Mapping[str, Sequence[Any]], delimiter: str = ",") -> str:
    """Write a CSV file."""
    with Path(name).open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return name


def cells(written: Sequence[Any], **parameters: Any) -> dict[str, Any]:
    """A CSV file with these label cells."""
    return {"path": table("mine.csv", {"text": TEXTS, "labels": written}), **parameters}


def parquet(columns: Mapping[str, Any], **parameters: Any) -> dict[str, Any]:
    """A Parquet file."""
    pq.write_table(pa.table(dict(columns)), "mine.parquet")
    return {"path": "mine.parquet", **parameters}


def lines(rows: Sequence[Any], **parameters: Any) -> dict[str, Any]:
    """A JSON lines file."""
    Path("mine.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return {"path": "mine.jsonl", **parameters}


def objects(**more: Sequence[Any]) -> list[dict[str, Any]]:
    """A row each."""
    columns = {"text": TEXTS, "labels": TAGS, **more}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def joined(separator: str = ";") -> list[str]:
    return [separator.join(names) for names in TAGS]


def but(values: Sequence[Any], row: int, value: Any) -> list[Any]:
    """`values`, with `value` in one row."""
    return [*values[:row], value, *values[row + 1 :]]


# Lists of marks.


@kind("multi-hot lists in Parquet", says=r"lists of 3 marks such as \[1, 1, 0\].*`label_names = \[\"first\"")
def _() -> dict[str, Any]:
    return parquet({"text": TEXTS, "labels": HOT})


@kind("multi-hot lists, label_names given")
def _() -> dict[str, Any]:
    return parquet({"text": TEXTS, "labels": HOT}, **NAMED)


@kind("multi-hot lists of floats, of bools")
def _() -> dict[str, Any]:
    rows = [list(map(float, row)) for row in HOT]
    parquet({"text": TEXTS, "labels": [list(map(bool, row)) for row in HOT]})
    assert read({"path": "mine.parquet", **NAMED}).labels == LABELS
    return parquet({"text": TEXTS, "labels": rows}, **NAMED)


@kind("multi-hot lists in JSON lines", says=r"lists of 3 marks such as \[1, 1, 0\]")
def _() -> dict[str, Any]:
    return lines(objects(labels=HOT))


@kind("multi-hot lists in cells, as JSON", says=r"lists of 3 marks")
def _() -> dict[str, Any]:
    return cells(list(map(json.dumps, HOT)), separator="json")


@kind("multi-hot cells: 1 0 1", says=r"lists of 3 marks")
def _() -> dict[str, Any]:
    return cells([" ".join(map(str, row)) for row in HOT], separator=" ")


@kind("multi-hot cells: 1,0,1, label_names given")
def _() -> dict[str, Any]:
    return cells([",".join(map(str, row)) for row in HOT], separator=",", **NAMED)


@kind(
    "multi-hot lists, one of another length",
    says=r"row 7: column 'labels' holds 2 marks, `label_names` has 3",
)
def _() -> dict[str, Any]:
    return parquet({"text": TEXTS, "labels": but(HOT, 7, [1, 1])}, **NAMED)


@kind("multi-hot lists and a dataset.toml that lists the labels")
def _() -> dict[str, Any]:
    Path("folder").mkdir()
    pq.write_table(pa.table({"text": TEXTS, "labels": HOT}), "folder/train.parquet")
    Path("folder/dataset.toml").write_text('modality = "text"\nlabels = ["a", "b c", "d"]\n')
    return {"path": "folder"}


@kind("class numbers in lists, label_names given")
def _() -> dict[str, Any]:
    numbers = [[LABELS.index(name) for name in names] for names in TAGS]
    return parquet({"text": TEXTS, "labels": numbers}, **NAMED)


# Cells that look like lists.


@kind("lists as pandas prints them", says=r"holds lists such as .*`separator = \"json\"`")
def _() -> dict[str, Any]:
    return cells(list(map(str, TAGS)), separator=",")


@kind("tuples", says=r"line 2: .* looks like a list, set or tuple; write every cell as a JSON list")
def _() -> dict[str, Any]:
    return cells([str(tuple(names)) for names in TAGS], separator=",")


@kind("a tuple in one row", says=r"line 9: .* looks like a list, set or tuple")
def _() -> dict[str, Any]:
    return cells(but(joined(), 7, "('a', 'd')"), separator=";")


@kind("sets", says=r"line 2: .* looks like a list, set or tuple")
def _() -> dict[str, Any]:
    return cells([str(set(names)) for names in TAGS], separator=",")


@kind("arrays as numpy prints them", says=r"line 2: .* is an array as numpy prints it; .*\.map\(list\)")
def _() -> dict[str, Any]:
    return cells(["[" + " ".join(map(repr, names)) + "]" for names in TAGS], separator=",")


@kind("[a, d] without quotes", says=r"line 2: .* looks like a list")
def _() -> dict[str, Any]:
    return cells([f"[{', '.join(names)}]" for names in TAGS], separator=",")


@kind("[a, d] without quotes, said to be json", says=r"line 2: .* is not a JSON list")
def _() -> dict[str, Any]:
    return cells([f"[{', '.join(names)}]" for names in TAGS], separator="json")


@kind("PostgreSQL's {a,d}", says=r"line 2: .* looks like a list")
def _() -> dict[str, Any]:
    return cells(["{" + ",".join(names) + "}" for names in TAGS], separator=",")


@kind(
    "Python lists with NaN among them",
    says=r"line 9: column 'labels': 'nan' .*`na_values = \[\"nan\"\]`",
)
def _() -> dict[str, Any]:
    return cells(but(list(map(str, TAGS)), 7, "nan"), separator="json")


@kind("Python lists with NaN in one", says=r"line 9: .*\['a', nan\].* is not a JSON list")
def _() -> dict[str, Any]:
    return cells(but(list(map(str, TAGS)), 7, "['a', nan]"), separator="json")


@kind(
    "lists in some rows, names in others",
    says=r"line 3: .* is a list and 'a;b c' is none; write all of them in one",
)
def _() -> dict[str, Any]:
    return cells(but(joined(), 1, '["b c"]'), separator=";")


@kind("an empty list among separated names", says=r"line 9: .*'\[\]' is a list and")
def _() -> dict[str, Any]:
    return cells(but(joined(), 7, "[]"), separator=";")


@kind("JSON lists with [NaN]", says=r"line 9: .* lists NaN, which names no label")
def _() -> dict[str, Any]:
    return cells(but(list(map(json.dumps, TAGS)), 7, "[NaN]"), separator="json")


@kind('JSON lists with [true, 1, 1.0, "1"]', says=r"line 9: .* lists true, which names no label")
def _() -> dict[str, Any]:
    return cells(but(list(map(json.dumps, TAGS)), 7, '[true, 1, 1.0, "1"]'), separator="json")


@kind("JSON lines with NaN in a list", says=r"line 8: column 'labels' mixes kinds of values")
def _() -> dict[str, Any]:
    return lines(objects(labels=but(TAGS, 7, ["a", float("nan")])))


@kind(
    "NaN as a label's name",
    says=r"line 9: column 'labels': 'NaN' is how programs write what is missing",
)
def _() -> dict[str, Any]:
    return cells(but(joined(), 7, "NaN"), separator=";")


@kind("None among other names", says=r"line 9: .*'None'.*`na_values = \[\]` where it is a label")
def _() -> dict[str, Any]:
    return cells(but(joined(), 7, "a;None"), separator=";")


@kind("None as a label, said to be one", labels=("None", *LABELS))
def _() -> dict[str, Any]:
    return cells(but(joined(), 7, "a;None;d"), separator=";", na_values=[])


@kind("'NULL', said to be missing", remark=r"labels missing in 10 of 50 rows \(line 42, .*\): not scored")
def _() -> dict[str, Any]:
    columns = {"text": [*TEXTS, *(f"more {row}" for row in range(10))], "labels": [*joined(), *["NULL"] * 10]}
    return {"path": table("mine.csv", columns), "separator": ";", "na_values": ["NULL"], "missing": "unknown"}


# Nothing said of the labels.


def with_empty(count: int, empty: Any = "", **parameters: Any) -> dict[str, Any]:
    texts = [
        *(f"{text} {copy}" for copy in range(5) for text in TEXTS),
        *(f"more {row}" for row in range(count)),
    ]
    return {
        "path": table("mine.csv", {"text": texts, "labels": [*joined() * 5, *[empty] * count]}),
        "separator": ";",
        **parameters,
    }


ASKS = (
    r"line 202: column 'labels': nothing stands there, nor in 9 more of 210 rows; .*`missing = \"negative\"`"
)


@kind("empty label cells, many", says=ASKS)
def _() -> dict[str, Any]:
    return with_empty(10)


@kind(
    "empty label cells, few",
    remark=r"labels missing in 2 of 202 rows \(line 202, line 203\): taken as rows without",
)
def _() -> dict[str, Any]:
    return with_empty(2)


@kind("empty label cells, left out", remark=r"missing in 10 of 210 rows .*: left out")
def _() -> dict[str, Any]:
    return with_empty(10, missing="drop")


@kind("empty label cells, not scored", remark=r"missing in 10 of 210 rows .*: not scored")
def _() -> dict[str, Any]:
    return with_empty(10, missing="unknown")


@kind("one empty label cell, an error", says=r"line 202: column 'labels': nothing stands there")
def _() -> dict[str, Any]:
    return with_empty(1, missing="error")


@kind("null lists in Parquet", says=r"row 7: column 'labels': nothing stands there")
def _() -> dict[str, Any]:
    return parquet({"text": TEXTS, "labels": but(TAGS, 7, None)})


@kind("a missing key in JSON lines", says=r"line 8: column 'labels': nothing stands there")
def _() -> dict[str, Any]:
    rows = objects()
    del rows[7]["labels"]
    return lines(rows)


@kind("0/1 columns with empty cells", says=r"line 9: columns 'a', 'b c', 'd': nothing stands there")
def _() -> dict[str, Any]:
    columns = {label: [row[place] for row in HOT] for place, label in enumerate(LABELS)}
    columns["d"] = but(columns["d"], 7, "")
    return {"path": table("mine.csv", {"text": TEXTS, **columns}), "labels": list(LABELS)}


# Kinds of files.


@kind("mine.csv.gz")
def _() -> dict[str, Any]:
    Path("mine.csv.gz").write_bytes(
        gzip.compress(Path(table("plain.csv", {"text": TEXTS, "labels": joined()})).read_bytes())
    )
    return {"path": "mine.csv.gz", "separator": ";"}


@kind("mine.csv.gz that breaks off", says=r"mine\.csv\.gz: cannot be read: ")
def _() -> dict[str, Any]:
    content = gzip.compress(Path(table("plain.csv", {"text": TEXTS, "labels": joined()})).read_bytes())
    Path("mine.csv.gz").write_bytes(content[:-40])
    return {"path": "mine.csv.gz", "separator": ";"}


@kind("Feather, and Arrow as a file and as a stream")
def _() -> dict[str, Any]:
    columns = pa.table({"text": TEXTS, "labels": TAGS})
    for name, write in (("mine.arrow", pa.ipc.new_file), ("stream.arrow", pa.ipc.new_stream)):
        with pa.OSFile(name, "wb") as sink, write(sink, columns.schema) as writer:
            writer.write_table(columns)
    pyarrow.feather.write_feather(columns, "mine.feather")
    prints = {read({"path": name}).fingerprint for name in ("mine.arrow", "stream.arrow", "mine.feather")}
    assert prints == {read(parquet({"text": TEXTS, "labels": TAGS})).fingerprint}
    return {"path": "mine.feather"}


@kind("a folder of save_to_disk, with ClassLabel names")
def _() -> dict[str, Any]:
    saved(class_labels()).save_to_disk("mine")
    return {"path": "mine"}


@kind("a DatasetDict of save_to_disk, with ClassLabel names")
def _() -> dict[str, Any]:
    import datasets

    whole = saved(class_labels())
    parts = {"train": whole.select(range(24)), "test": whole.select(range(24, 40))}
    datasets.DatasetDict(parts).save_to_disk("mine")
    return {"path": "mine"}


@kind("Parquet of `datasets`, with ClassLabel names")
def _() -> dict[str, Any]:
    saved(class_labels()).to_parquet("mine.parquet")
    return {"path": "mine.parquet"}


@kind("one ClassLabel a row in Parquet, -1 where there is none", remark=r"labels missing in 1 of 201 rows")
def _() -> dict[str, Any]:
    import datasets

    names = datasets.ClassLabel(names=["x", "a;b", "y"])
    features = datasets.Features({"text": datasets.Value("string"), "label": names})
    numbers = but([row % 3 for row in range(200)], 7, -1)
    data = datasets.Dataset.from_dict({"text": TEXTS * 5, "label": numbers}, features=features)
    data.to_parquet("single.parquet")
    assert read({"path": "single.parquet", "labels": "label"}).labels == ("a;b", "x", "y")
    texts = [*(f"{text} {row}" for row, text in enumerate(TEXTS * 5)), "more"]
    return parquet({"text": texts, "labels": [*TAGS * 5, None]})


@kind("an npz archive of vectors, marks and names of labels")
def _() -> dict[str, Any]:
    np.savez(
        "mine.npz",
        features=np.random.default_rng(0).random((ROWS, 3)),
        labels=np.array(HOT),
        classes=np.array(LABELS),
    )
    return {"path": "mine.npz"}


@kind("an npz archive of x_train, y_train, x_test, y_test", says=r"lists of 3 marks such as \[1, 1, 0\]")
def _() -> dict[str, Any]:
    x, y = np.arange(ROWS * 2).reshape(ROWS, 2), np.array(HOT)
    np.savez("mine.npz", x_train=x[:30], y_train=y[:30], x_test=x[30:], y_test=y[30:])
    assert read({"path": "mine.npz", **NAMED}).sizes["test"] == 10
    return {"path": "mine.npz"}


@kind("an npz archive of objects", says=r"mine\.npz: not an archive of plain arrays")
def _() -> dict[str, Any]:
    np.savez("mine.npz", labels=np.array(TAGS, dtype=object))
    return {"path": "mine.npz"}


@kind("a workbook without openpyxl", says=r"`pip install openpyxl`|not a readable workbook")
def _() -> dict[str, Any]:
    Path("mine.xlsx").write_bytes(b"PK")
    return {"path": "mine.xlsx"}


@kind(
    "an old workbook", says=r"mine\.xls: .*pandas\.read_excel\('mine\.xls'\)\.to_parquet\('mine\.parquet'\)"
)
def _() -> dict[str, Any]:
    Path("mine.xls").write_bytes(b"x")
    return {"path": "mine.xls"}


@kind("a zip", says=r"unpack it, and name what is in it")
def _() -> dict[str, Any]:
    Path("mine.zip").write_bytes(b"PK")
    return {"path": "mine.zip"}


@kind("COCO's annotations with their images")
def _() -> dict[str, Any]:
    Path("photos").mkdir()
    for row in range(ROWS):
        Image.new("RGB", (4, 4), (row, 0, 0)).save(f"photos/{row}.png")
    categories = [{"id": 7 + place, "name": name} for place, name in enumerate(LABELS)]
    annotations = [
        {"image_id": row, "category_id": 7 + LABELS.index(name), "bbox": [0, 0, 1, 1]}
        for row, names in enumerate(TAGS)
        for name in [*names, names[0]]
    ]
    images = [{"id": row, "file_name": f"{row}.png", "width": 4} for row in range(ROWS)]
    whole = {"info": {}, "images": images, "annotations": annotations, "categories": categories}
    Path("mine.json").write_text(json.dumps(whole))
    return {"path": "mine.json", "image": "file_name", "images": "photos"}


@kind('{"data": […]}')
def _() -> dict[str, Any]:
    Path("mine.json").write_text(json.dumps({"version": "1.0", "data": objects()}, indent=1))
    return {"path": "mine.json"}


@kind("JSON of pandas: columns of rows, split, columns of lists")
def _() -> dict[str, Any]:
    frame = {"text": TEXTS, "labels": TAGS}
    ways = {
        "a": {name: {str(row): value for row, value in enumerate(column)} for name, column in frame.items()},
        "b": {
            "columns": list(frame),
            "index": list(range(ROWS)),
            "data": [list(row) for row in zip(*frame.values(), strict=True)],
        },
        "c": frame,
    }
    prints = set()
    for name, whole in ways.items():
        Path(f"{name}.json").write_text(json.dumps(whole))
        prints.add(read({"path": f"{name}.json"}).fingerprint)
    assert len(prints) == 1
    return {"path": "a.json"}


@kind(
    "a JSON object keyed by text",
    says=r"one object whose 40 keys are the texts, such as 'text number 0 of these'",
)
def _() -> dict[str, Any]:
    Path("mine.json").write_text(json.dumps(dict(zip(TEXTS, TAGS, strict=True))))
    return {"path": "mine.json"}


@kind("a JSON object keyed by id", says=r"one object of 40 objects, such as 'r0'; write a list of them")
def _() -> dict[str, Any]:
    Path("mine.json").write_text(json.dumps({f"r{row}": each for row, each in enumerate(objects())}))
    return {"path": "mine.json"}


@kind("label objects with names")
def _() -> dict[str, Any]:
    return lines(objects(labels=[[{"id": 1, "name": name} for name in names] for names in TAGS]))


@kind("label objects of marks")
def _() -> dict[str, Any]:
    return lines(objects(labels=[dict(zip(LABELS, map(bool, row), strict=True)) for row in HOT]))


@kind("movies_train.csv and movies_test.csv")
def _() -> dict[str, Any]:
    Path("movies").mkdir()
    table("movies/movies_train.csv", {"text": TEXTS[:24], "labels": joined()[:24]})
    table("movies/movies_test.csv", {"text": TEXTS[24:], "labels": joined()[24:]})
    assert read({"path": "movies", "separator": ";"}).sizes["test"] == 16
    return {"path": "movies", "separator": ";"}


@kind(
    "movies_train.csv alone, with movies_test.csv beside it",
    remark=r"movies_test\.csv beside it: not read; name the folder",
)
def _() -> dict[str, Any]:
    table("movies_test.csv", {"text": TEXTS, "labels": joined()})
    return {"path": table("movies_train.csv", {"text": TEXTS, "labels": joined()}), "separator": ";"}


@kind(
    "a test file without labels",
    says=r"test\.csv: the test split has no column 'labels': .*`path = \"comp/train\.csv\"`",
)
def _() -> dict[str, Any]:
    Path("comp").mkdir()
    table("comp/train.csv", {"text": TEXTS, "labels": joined()})
    table("comp/test.csv", {"text": TEXTS})
    return {"path": "comp", "separator": ";"}


@kind("one label a row, no separator", labels=("a", "bc", "d"))
def _() -> dict[str, Any]:
    return cells([names[0].replace(" ", "") for names in TAGS])


@kind(
    "one label a row, of several words",
    says=r"say what divides the labels, .* \"none\" where it is one",
)
def _() -> dict[str, Any]:
    return cells([names[0] + " thing" for names in TAGS])


@kind("one label a row, with commas in them", labels=("a, b", "b, c", "d"))
def _() -> dict[str, Any]:
    return cells([{"a": "a, b", "b c": "b, c", "d": "d"}[names[0]] for names in TAGS], separator="none")


@kind("columns of x and nothing")
def _() -> dict[str, Any]:
    return marked(lambda on: "x" if on else "")


@kind("columns of yes and no")
def _() -> dict[str, Any]:
    return marked(lambda on: "Yes" if on else "no")


@kind("columns of true and false, by a pattern", labels=("is_a", "is_b c", "is_d"))
def _() -> dict[str, Any]:
    columns = {f"is_{label}": [bool(row[place]) for row in HOT] for place, label in enumerate(LABELS)}
    return {"path": table("mine.csv", {"text": TEXTS, **columns}), "labels": "is_*"}


@kind(
    "a pattern that nothing fits",
    says=r"no column fits 'is_\*'; there are 'text', 'labels'; say which by `labels = …`",
)
def _() -> dict[str, Any]:
    return {"path": table("mine.csv", {"text": TEXTS, "labels": joined()}), "labels": "is_*"}


@kind("features=f*")
def _() -> dict[str, Any]:
    columns = {f"f{place}": [row * place for row in range(ROWS)] for place in range(3)}
    parameters = {
        "path": table("mine.csv", {**columns, "labels": joined()}),
        "features": "f*",
        "separator": ";",
    }
    assert read(parameters).train.inputs.shape[1] == 3
    return parameters


@kind("text from several columns")
def _() -> dict[str, Any]:
    columns = {"title": but(TEXTS, 3, ""), "body": [f"body {row}" for row in range(ROWS)], "labels": joined()}
    parameters = {"path": table("mine.csv", columns), "text": ["title", "body"], "separator": ";"}
    texts = {str(text) for split in read(parameters).splits.values() for text in split.inputs}
    assert {"text number 0 of these\nbody 0", "body 3"} <= texts
    return parameters


@kind("text and labels the same column", says=r"column 'text' is both the text and the labels")
def _() -> dict[str, Any]:
    return cells(joined(), text="text", labels="text", separator=";")


@kind("ids that come again", says=r"id 'r0' is already that of row 0; .*`ids = \"none\"`")
def _() -> dict[str, Any]:
    return parquet({"text": TEXTS, "labels": TAGS, "id": ["r0"] * ROWS})


@kind("ids that come again, ids = none")
def _() -> dict[str, Any]:
    return parquet({"text": TEXTS, "labels": TAGS, "id": ["r0"] * ROWS}, ids="none")


# Splits.


def with_splits(**words: int) -> dict[str, Any]:
    split = [word for word, count in words.items() for _ in range(count)]
    return {"path": table("mine.csv", {"text": TEXTS, "labels": joined(), "split": split}), "separator": ";"}


@kind(
    "a split column with both dev and valid, no test",
    says=r"line 34: column 'split' says 'valid' where other rows say 'dev'",
)
def _() -> dict[str, Any]:
    return with_splits(train=24, dev=8, valid=8)


@kind("a split column of train, dev and test", remark=r"column 'split': 'dev' is validation")
def _() -> dict[str, Any]:
    return with_splits(train=24, dev=8, test=8)


@kind("a split column of train and dev", remark=r"no test split in the data: 6 rows were cut from train")
def _() -> dict[str, Any]:
    return with_splits(train=28, dev=12)


# Types of Arrow's.


@kind("Parquet of Polars: string_view and list_view")
def _() -> dict[str, Any]:
    views = pa.array(TAGS, pa.list_view(pa.string_view()))
    return parquet({"text": pa.array(TEXTS, pa.string_view()), "labels": views})


@kind("list_view with a null before others", says=r"row 0: column 'labels': nothing stands there")
def _() -> dict[str, Any]:
    return parquet({"text": TEXTS, "labels": pa.array(but(TAGS, 0, None), pa.list_view(pa.string()))})


@kind("dictionaries, large strings, run ends")
def _() -> dict[str, Any]:
    coded = pa.array(TAGS, pa.large_list(pa.dictionary(pa.int8(), pa.large_string())))
    return parquet({"text": pa.array(TEXTS).dictionary_encode(), "labels": coded})


@kind("fixed-size lists of numbers with a null", says=r"row 5: column 'features': the vector is missing")
def _() -> dict[str, Any]:
    vectors = pa.array(but([[1.0, row] for row in range(ROWS)], 5, None), pa.list_(pa.float32(), 2))
    return parquet({"features": vectors, "labels": TAGS})


@kind("whole numbers beyond 2^24 as features")
def _() -> dict[str, Any]:
    big = [2**24 + row for row in range(ROWS)]
    read(parquet({"f": big, "labels": TAGS}, features=["f"]))
    return parquet({"features": [[number, 1] for number in big], "labels": TAGS})


@kind("a lone surrogate in a column that is not used")
def _() -> dict[str, Any]:
    Path("mine.jsonl").write_text("\n".join(map(json.dumps, objects(other=but(TEXTS, 3, "\ud83d")))))
    return {"path": "mine.jsonl"}


@kind("a lone surrogate in the text", says=r"mine\.jsonl, line 4: column 'text' holds half a character")
def _() -> dict[str, Any]:
    return lines(objects(text=but(TEXTS, 3, "\ud83d")))


@kind("columns of mixed type and beyond 64 bits that are not used")
def _() -> dict[str, Any]:
    return lines(objects(mixed=but(TEXTS, 3, 7), big=[2**70] * ROWS))


@kind(
    "ids beyond 64 bits",
    says=r"line 4: column 'big' holds a whole number of more than 64 bits; write it as text",
)
def _() -> dict[str, Any]:
    return lines(objects(big=[*range(3), *[2**70 + row for row in range(37)]]), ids="big")


@kind(
    "a null among texts in Parquet, as an empty cell in CSV",
    remark=r"texts missing in 1 of 200 rows: taken as empty",
)
def _() -> dict[str, Any]:
    return parquet(
        {"text": but([f"{text} {copy}" for copy in range(5) for text in TEXTS], 3, None), "labels": TAGS * 5}
    )


# Images.


def album(broken: Mapping[int, bytes | None], **parameters: Any) -> dict[str, Any]:
    """A folder of images with a labels file, some of them not images or not there."""
    Path("album").mkdir()
    for row in range(ROWS):
        Image.new("RGB", (8, 8), (row, 0, 0)).save(f"album/{row}.png")
    for row, content in broken.items():
        if content is None:
            Path(f"album/{row}.png").unlink()
        else:
            Path(f"album/{row}.png").write_bytes(content)
    columns = {"file_name": [f"{row}.png" for row in range(ROWS)], "labels": joined()}
    table("album/labels.csv", columns)
    return {"path": "album", "separator": ";", **parameters}


@kind("a missing image", says=r"line 5: image '3\.png' cannot be read .*\(1 more are so\)")
def _() -> dict[str, Any]:
    return album({3: None, 9: None})


@kind(
    "images that do not decode, left out",
    remark=r"do not decode in 4 of 44 rows \(album/labels\.csv, line 42: image",
)
def _() -> dict[str, Any]:
    parameters = album({}, unreadable="skip")
    content = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(content, "JPEG")
    Path("album/half.jpg").write_bytes(content.getvalue()[:700])
    Path("album/none.png").write_bytes(b"no image")
    with Path("album/labels.csv").open("a") as stream:
        stream.write("half.jpg,a\nnone.png,d\ngone.png,d\nhalf.jpg,d\n")
    return parameters


def class_labels() -> Any:
    import datasets

    return datasets.Features(
        {"text": datasets.Value("string"), "labels": datasets.List(datasets.ClassLabel(names=list(LABELS)))}
    )


def saved(features: Any) -> Any:
    """A dataset of `datasets` with class numbers."""
    import datasets

    numbers = [[LABELS.index(name) for name in names] for names in TAGS]
    return datasets.Dataset.from_dict({"text": TEXTS, "labels": numbers}, features=features)


def marked(write: Callable[[int], Any]) -> dict[str, Any]:
    """A CSV file with a column for each label."""
    columns = {label: [write(row[place]) for row in HOT] for place, label in enumerate(LABELS)}
    return {"path": table("mine.csv", {"text": TEXTS, **columns}), "labels": list(LABELS)}


def read(parameters: dict[str, Any]) -> Dataset:
    """The dataset."""
    return load("own", parameters, name="mine")


def outcome(each: Kind) -> str:
    """What becomes of a file: the labels that are read, or the error."""
    try:
        dataset = read(each.write())
    except MlbenchError as error:
        return f"refused: {error}"
    counts = sum(dataset.label_counts.values())
    told = "".join(f"; {remark}" for remark in dataset.remarks if "cut from train" not in remark)
    named = ", ".join(f"{label} {count}" for label, count in zip(dataset.labels, counts, strict=True))
    return f"read: {sum(dataset.sizes.values())} rows, {named}{told}"


def main() -> None:
    """Write every file into a folder of its own and print the table."""
    import os

    os.environ.setdefault("MLBENCH_CACHE", str(Path("cache").absolute()))
    start = Path.cwd()
    print("| file | what happens |\n|:---|:---|")
    for number, each in enumerate(KINDS):
        folder = start / f"{number:02d}"
        folder.mkdir()
        os.chdir(folder)
        said = re.sub(r"\s+", " ", outcome(each)).replace("|", "\\|").replace(str(folder) + os.sep, "")
        print(f"| {each.name} | {said} |")
        os.chdir(start)


if __name__ == "__main__":
    main()
