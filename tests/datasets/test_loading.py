"""Loading by name: where datasets are looked for, fingerprints, and what is said where one is absent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlbench import datasets
from mlbench.datasets.places import cache_root, fetched_root, safe_name
from mlbench.errors import ConfigError, DataError, DatasetNotFoundError, UnknownNameError

pytestmark = pytest.mark.filterwarnings("ignore:dataset .* where its card says")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MLBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MLBENCH_DATA", raising=False)
    return tmp_path / "cache"


def write(root: Path, first: str = "one") -> Path:
    folder = root / "go_emotions"
    folder.mkdir(parents=True, exist_ok=True)
    table = pa.table({"text": [first, "two"], "labels": [["joy"], ["anger", "joy"]]})
    for split in ("train", "validation", "test"):
        pq.write_table(table, folder / f"{split}.parquet")
    return folder


def load(root: Path | None = None) -> datasets.Dataset:
    return datasets.load("go_emotions", {}, data_root=root)


def test_the_data_root_goes_before_the_environment_and_that_before_the_cache(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(fetched_root(), "of the cache")
    assert fetched_root().is_relative_to(cache)
    assert load().train.inputs[0] == "of the cache"
    write(tmp_path / "environment", "of the environment")
    monkeypatch.setenv("MLBENCH_DATA", str(tmp_path / "environment"))
    assert load().train.inputs[0] == "of the environment"
    write(tmp_path / "given", "of the flag")
    assert load(tmp_path / "given").train.inputs[0] == "of the flag"


def test_files_that_differ_from_the_card_are_warned_of(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.warns(UserWarning, match=r"go_emotions.* 2 labels where its card says 28; 2 rows in train"):
        datasets.load("go_emotions", data_root=tmp_path)


def test_unknown_names_and_parameters() -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean 'go_emotions'"):
        datasets.load("go_emotion")
    with pytest.raises(ConfigError, match=r"has no parameter 'size'"):
        datasets.load("go_emotions", {"size": 3})
    assert datasets.card("go_emotions").labels == 28
    assert datasets.card("synthetic-topics", {"labels": 60}).labels == 60


def test_the_fingerprint_is_of_content_and_order(tmp_path: Path) -> None:
    write(tmp_path / "a")
    write(tmp_path / "b")
    write(tmp_path / "c", "another text")
    first = load(tmp_path / "a").fingerprint
    assert len(first) == 32
    assert first == datasets.fingerprint("go_emotions", data_root=tmp_path / "b")
    assert first != datasets.fingerprint("go_emotions", data_root=tmp_path / "c")
    table = pq.read_table(tmp_path / "b" / "go_emotions" / "test.parquet")
    pq.write_table(table.take([1, 0]), tmp_path / "b" / "go_emotions" / "test.parquet")
    assert first != datasets.fingerprint("go_emotions", data_root=tmp_path / "b")


def test_a_changed_file_has_another_fingerprint(tmp_path: Path) -> None:
    folder = write(tmp_path)
    before = datasets.fingerprint("go_emotions", data_root=tmp_path)
    write(tmp_path, "ano")
    os.utime(folder / "train.parquet", ns=(1, 1))
    assert datasets.fingerprint("go_emotions", data_root=tmp_path) != before


def test_a_kept_fingerprint_that_was_lost_or_broken_is_computed_again(tmp_path: Path) -> None:
    write(tmp_path)
    before = datasets.fingerprint("go_emotions", data_root=tmp_path)
    (kept,) = (cache_root() / "fingerprints").iterdir()
    kept.write_text('"half')
    assert datasets.fingerprint("go_emotions", data_root=tmp_path) == before


def test_data_that_cannot_be_read_have_the_fingerprint_of_their_bytes(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "test.parquet").write_bytes(b"no parquet")
    with pytest.raises(DataError, match=r"test\.parquet"):
        load(tmp_path)
    first = datasets.fingerprint("go_emotions", data_root=tmp_path)
    assert first == datasets.fingerprint("go_emotions", data_root=tmp_path)
    (folder / "test.parquet").write_bytes(b"no parquet either")
    assert datasets.fingerprint("go_emotions", data_root=tmp_path) != first


def test_names_that_cannot_leave_their_folder() -> None:
    for name in ("../up", "a/b", "a\\b", "..", ".hidden", "", "a\nb", "a\x00b", "x" * 200):
        with pytest.raises(ConfigError, match="cannot name a folder"):
            safe_name(name, "dataset")
    assert safe_name("voc2007,split=study", "dataset") == "voc2007,split=study"


def test_torch_is_never_imported() -> None:
    script = (
        "import sys; from mlbench import datasets; datasets.load('digit-scenes', {'samples': 60}); "
        "datasets.load('synthetic-topics', {'samples': 60}); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


def test_absent_offline(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match="go_emotions") as raised:
        datasets.fingerprint("go_emotions", data_root=tmp_path / "nowhere")
    message = str(raised.value)
    assert str(tmp_path / "nowhere" / "go_emotions") in message
    assert str(fetched_root() / "go_emotions") in message
