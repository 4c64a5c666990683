"""Images that stay in a large Parquet file are the same as those that are read at once."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from mlbench.datasets import Dataset, decode_images
from mlbench.datasets.files import folder
from mlbench.datasets.files.folder import read_folder
from mlbench.datasets.fingerprints import content_fingerprint
from mlbench.datasets.stored import StoredImages
from mlbench.errors import DataError


def encoded(shade: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (6, 6), (shade, 0, 0)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(params=["bytes", "struct"])
def data(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    images: list[object] = [encoded(row) for row in range(40)]
    if request.param == "struct":
        images = [{"bytes": image, "path": "x.png"} for image in images]
    table = pa.table({"image": images, "labels": [["a", "b"][: 1 + row % 2] for row in range(40)]})
    pq.write_table(table, tmp_path / "train.parquet", row_group_size=7)
    return tmp_path


def read(data: Path, monkeypatch: pytest.MonkeyPatch, stored: bool) -> Dataset:
    monkeypatch.setattr(folder, "LARGE_FILE", 0 if stored else 1 << 30)
    return read_folder(data, "d")


def test_the_same_dataset_either_way(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, stored = read(data, monkeypatch, False), read(data, monkeypatch, True)
    assert isinstance(plain.train.inputs, list)
    assert isinstance(stored.train.inputs, StoredImages)
    assert content_fingerprint(plain) == content_fingerprint(stored)
    for split in ("train", "validation", "test"):
        one, other = plain.splits[split], stored.splits[split]
        assert list(one.inputs) == list(other.inputs)
        assert np.array_equal(decode_images(one, 4), decode_images(other, 4, workers=4))
    rows = np.array([5, 0, 3])
    assert list(stored.train.take(rows).inputs) == [plain.train.inputs[row] for row in rows]
    assert list(stored.train.inputs[2:5]) == plain.train.inputs[2:5]
    assert stored.train.inputs[-1] == plain.train.inputs[-1]


def test_decoded_into_a_given_array(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    split = read(data, monkeypatch, True).train
    out = np.zeros((len(split), 4, 4, 3), np.uint8)
    assert decode_images(split, 4, out=out) is out
    assert np.array_equal(out, decode_images(split, 4))


def test_a_missing_image_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = [encoded(1), None, *(encoded(row) for row in range(18))]
    pq.write_table(pa.table({"image": images, "labels": [["a"]] * 20}), tmp_path / "train.parquet")
    dataset = read(tmp_path, monkeypatch, True)
    (split,) = [split for split in dataset.splits.values() if "1" in split.ids]
    with pytest.raises(DataError, match=r"image '1' .*not an image that can be read \(0 bytes"):
        decode_images(split, 4)


def test_a_large_broken_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "train.parquet").write_bytes(b"PAR1" + b"\0" * 1000)
    with pytest.raises(DataError, match=r"train\.parquet: not a readable Parquet file"):
        read(tmp_path, monkeypatch, True)
