"""The cache: computed once by real processes that race, whole after a real kill, listed and cleared."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from filelock import FileLock

from mlbench.datasets import load
from mlbench.datasets.cache import Cache, cache_entries, clear_cache, keep_name
from mlbench.errors import ConfigError

WORKER = """
import os, sys, time
from pathlib import Path
import numpy as np
from mlbench.datasets.cache import Cache
folder, seconds = Path(sys.argv[1]), float(sys.argv[2])

def compute():
    with open(folder.parent / "calls", "a") as calls:
        calls.write(f"{os.getpid()}\\n")
    time.sleep(seconds)
    return np.arange(1000)

def fill(target):
    target[:500] = 1
    target.flush()
    with open(folder.parent / "calls", "a") as calls:
        calls.write(f"{os.getpid()}\\n")
    time.sleep(seconds)
    target[500:] = 2

cache = Cache(folder)
array = cache.array({"a": 1}, compute) if sys.argv[3] == "array" else cache.filled({"a": 1}, (1000,), "i8", fill)
print(int(array.sum()))
"""


def start(folder: Path, seconds: float, how: str = "array") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKER, str(folder), str(seconds), how]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def calls(folder: Path) -> int:
    file = folder.parent / "calls"
    return len(file.read_text().split()) if file.exists() else 0


def test_kept_and_memory_mapped(tmp_path: Path) -> None:
    cache, made = Cache(tmp_path / "c"), []

    def compute() -> npt.NDArray[np.float32]:
        made.append(1)
        return np.ones((3, 2), np.float32)

    first, second = (cache.array({"size": 2, "data": "x"}, compute) for _ in range(2))
    assert isinstance(first, np.memmap)
    assert made == [1]
    assert first.tolist() == second.tolist() == [[1, 1]] * 3
    first[:] = 7  # a copy of the page
    assert cache.array({"size": 2, "data": "x"}, compute).tolist() == [[1, 1]] * 3
    cache.array({"size": 3, "data": "x"}, compute)
    cache.array({"data": "x", "size": 2}, compute)
    assert made == [1, 1]


def test_filled_in_the_file_itself(tmp_path: Path) -> None:
    def fill(target: npt.NDArray[np.uint8]) -> None:
        assert isinstance(target, np.memmap)
        target[:] = np.arange(6).reshape(2, 3)

    array = Cache(tmp_path).filled({"k": 1}, (2, 3), np.uint8, fill)
    assert array.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_another_version_of_the_preparation_computes_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache(tmp_path)
    assert cache.array({"what": 1}, lambda: np.zeros(2)).tolist() == [0, 0]
    monkeypatch.setattr("mlbench.datasets.cache.TRAINING_VERSION", -1)
    assert cache.array({"what": 1}, lambda: np.ones(2)).tolist() == [1, 1]


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    def fail(_: npt.NDArray[np.uint8]) -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        Cache(tmp_path).filled({"k": 1}, (9,), np.uint8, fail)
    assert [file.suffix for file in tmp_path.iterdir() if file.suffix != ".lock"] == []


def test_processes_that_race_compute_once(tmp_path: Path) -> None:
    workers = [start(tmp_path / "c", 0.5) for _ in range(4)]
    assert [worker.communicate(timeout=60)[0].strip() for worker in workers] == ["499500"] * 4
    assert calls(tmp_path / "c") == 1


@pytest.mark.parametrize("how", ["array", "filled"])
def test_after_a_kill_the_next_one_computes(tmp_path: Path, how: str) -> None:
    folder = tmp_path / "c"
    killed = start(folder, 60, how)
    waiting = time.monotonic() + 30
    while not calls(folder) and time.monotonic() < waiting:
        time.sleep(0.02)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert not list(folder.glob("*.npy"))
    assert start(folder, 0, how).communicate(timeout=60)[0].strip() == (
        "499500" if how == "array" else "1500"
    )
    assert calls(folder) == 2
    assert not list(folder.glob("*.part"))


def test_what_another_process_computes_is_neither_listed_nor_cleared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is a dataset, or what was downloaded for it, while it is being made of that."""
    monkeypatch.setenv("MLBENCH_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "cache" / "encoders"
    worker = start(folder, 3.0, "filled")
    waiting = time.monotonic() + 60
    while not calls(folder) and time.monotonic() < waiting:
        time.sleep(0.02)
    (folder / "note.json").write_text("{}")
    (folder / "note.lock").touch()
    assert list(folder.glob("*.part")), "the array is half there"
    assert [entry.path for entry in cache_entries() if entry.kind == "encoders"] == []
    clear_cache()
    assert worker.communicate(timeout=60)[0].strip() == "1500"
    assert [entry.path.suffix for entry in clear_cache("encoders")] == [".npy"]

    datasets, downloads = tmp_path / "cache" / "datasets", tmp_path / "cache" / "downloads"
    for place in (datasets / "coco,year=2014", downloads / "coco", downloads / "cocoa"):
        place.mkdir(parents=True)
        (place / "file").touch()
    with FileLock(datasets / ".coco,year=2014.lock"):
        assert [entry.name for entry in clear_cache()] == ["cocoa"]
    assert [entry.name for entry in clear_cache()] == ["coco,year=2014", "coco"]


def test_listed_and_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLBENCH_CACHE", str(tmp_path / "cache"))
    assert cache_entries() == []
    load("synthetic-topics", {"samples": 60})
    Cache(tmp_path / "cache" / "encoders").array({"encoder": "bag"}, lambda: np.zeros(1000))
    Cache(tmp_path / "cache" / "encoders").array({"encoder": "lsa"}, lambda: np.zeros(10))
    (tmp_path / "cache" / "datasets" / "mine").mkdir(parents=True)
    (tmp_path / "cache" / "datasets" / "mine" / "train.parquet").write_bytes(b"x" * 50)
    entries = cache_entries()
    assert [entry.kind for entry in entries] == [
        "ceilings",
        "datasets",
        "encoders",
        "encoders",
        "fingerprints",
    ]
    assert (entries[1].name, entries[1].bytes) == ("mine", 50)
    assert '"encoder": "bag"' in entries[2].about
    assert entries[2].bytes > entries[3].bytes > 0
    assert entries[0].to_dict()["path"].endswith(".json")
    with pytest.raises(ConfigError, match="did you mean 'encoders'"):
        clear_cache("encoder")
    assert clear_cache(older_than=3600) == []
    os.utime(entries[2].path, (1, 1))
    assert [entry.path for entry in clear_cache("encoders", older_than=3600)] == [entries[2].path]
    assert len(clear_cache("encoders")) == 1
    assert not list((tmp_path / "cache" / "encoders").iterdir())
    assert len(clear_cache()) == 3
    assert cache_entries() == []


def test_an_array_is_listed_under_its_datasets_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLBENCH_CACHE", str(tmp_path))
    keep_name("f" * 32, "tickets")
    Cache(tmp_path / "vectors").array({"data": "f" * 32, "part": "ids"}, lambda: np.zeros(2))
    Cache(tmp_path / "vectors").array({"data": "e" * 32}, lambda: np.zeros(2))
    named, other = sorted(cache_entries(), key=lambda entry: not entry.about.startswith("tickets: "))
    assert named.about.startswith("tickets: {")
    assert other.about.startswith("{")
