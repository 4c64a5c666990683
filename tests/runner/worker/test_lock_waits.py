"""Waits for a lock, as filelock tells them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock, Timeout

from mlbench.datasets.cache import Cache
from mlbench.runner.worker import lock_waits


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What was told meanwhile, of waits longer than a twentieth of a second."""
    monkeypatch.setattr(lock_waits, "SAY_EVERY", 0.05)
    logger, said = logging.getLogger("filelock"), list[str]()
    before = logger.level, logger.propagate
    listener = lock_waits.report_lock_waits(said.append)
    yield said
    logger.removeHandler(listener)
    logger.setLevel(before[0])
    logger.propagate = before[1]


def test_who_waits_says_for_what_and_when_it_is_over(tmp_path: Path, heard: list[str]) -> None:
    cache, held = Cache(tmp_path / "vectors"), threading.Event()
    assert cache.array({"a": 1}, lambda: np.ones(3)).tolist() == [1, 1, 1]
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
    assert set(heard[:-1]) == {f"vectors/{file.stem}.lock"}
    assert heard[-1] == ""


def test_one_that_looks_again_and_again_waits_too(tmp_path: Path, heard: list[str]) -> None:
    """As the hub's library does."""
    with FileLock(tmp_path / "a.lock"):
        other = FileLock(tmp_path / "a.lock")
        for _ in range(40):
            with pytest.raises(Timeout):
                other.acquire(timeout=0.01, poll_interval=0.005)
    assert heard
    assert {Path(file).name for file in heard} == {"a.lock"}
