from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from mlbench.datasets import locks
from mlbench.datasets.cache import Cache


def test_who_waits_says_so_and_for_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "SAY_EVERY", 0.05)
    heard: list[str] = []
    monkeypatch.setattr(locks, "LISTENERS", [heard.append])
    cache, held = Cache(tmp_path / "vectors"), threading.Event()
    array = cache.array({"a": 1}, lambda: np.ones(3))
    assert array.tolist() == [1, 1, 1]
    assert heard == [], "a lock that is free is not waited for"
    [file] = cache.folder.glob("*.npy")
    file.unlink()

    def hold() -> None:
        with FileLock(file.with_suffix(".lock")):
            held.set()
            while len(heard) < 3:
                pass

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    assert cache.array({"a": 1}, lambda: np.zeros(3)).tolist() == [0, 0, 0]
    holder.join()
    assert set(heard) == {f"vectors that are kept as {file.stem}"}


def test_an_error_lets_the_lock_go(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"), locks.locked(tmp_path / "a.lock", "a"):
        raise ValueError("broken")
    with FileLock(tmp_path / "a.lock", timeout=0):
        pass
