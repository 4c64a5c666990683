"""Rows without labels: read by the columns of training, every complaint with its row."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from mlbench.datasets.user.new_rows import read_new_rows
from mlbench.errors import ConfigError, DataError


def test_texts_of_each_kind_of_file(tmp_path: Path) -> None:
    texts = ["one, two", "three"]
    (tmp_path / "a.csv").write_text('key,body,tags\nx,"one, two",\ny,three,b\n')
    lines = [{"key": key, "body": text} for key, text in zip("xy", texts, strict=True)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    pq.write_table(pa.table({"key": ["x", "y"], "body": texts}), tmp_path / "a.parquet")
    for file in ("a.csv", "a.jsonl", "a.parquet"):
        rows = read_new_rows(tmp_path / file, "text", {"text": "body", "ids": "key"})
        assert (list(rows.inputs), rows.ids) == (texts, ["x", "y"])
    assert read_new_rows(tmp_path / "a.csv", "text", {"text": "body"}).ids == ["0", "1"]


def test_vectors_of_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,f1,f2\nx,1,2.5\ny,3,4\n")
    rows = read_new_rows(tmp_path / "a.csv", "features", {"features": ["f1", "f2"]})
    np.testing.assert_array_equal(rows.inputs, np.array([[1, 2.5], [3, 4]], np.float32))
    assert rows.ids == ["x", "y"]
    (tmp_path / "b.csv").write_text("f1,f2\n1,2\n3,\n")
    with pytest.raises(DataError, match=r"b\.csv, line 3: column 'f2' holds what is not a number"):
        read_new_rows(tmp_path / "b.csv", "features", {"features": ["f1", "f2"]})


def test_images_of_a_folder_and_of_a_table(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("b.png", "in/a.png"):
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    rows = read_new_rows(tmp_path, "image", {})
    assert rows.ids == ["b.png", "in/a.png"]
    (tmp_path / "t.csv").write_text("file_name\nin/a.png\n")
    listed = read_new_rows(tmp_path / "t.csv", "image", {})
    assert listed.inputs[0] == rows.inputs[1]


@pytest.mark.parametrize(
    ("text", "columns", "problem"),
    [
        ("body\n", {"text": "body"}, "has no rows"),
        ("bdy\nx\n", {"text": "body"}, "did you mean 'bdy'"),
        ("key,body\nx,a\nx,b\n", {"text": "body", "ids": "key"}, "must be\\s+unique"),
        ("image\nx\n", {}, "the model takes text"),
    ],
)
def test_what_cannot_be_used(text: str, columns: dict[str, str], problem: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataError, match=problem):
        read_new_rows(tmp_path / "a.csv", "text", columns)


def test_other_bad_requests(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'text'"):
        read_new_rows(tmp_path / "a.csv", "text", {"txt": "body"})
    with pytest.raises(DataError, match="it holds no images"):
        read_new_rows(tmp_path, "image", {})
    with pytest.raises(DataError, match="name a file"):
        read_new_rows(tmp_path, "text", {})
