"""Locks that nobody could have written: none of them blocks a cell for longer than one of another host would."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlbench.records import Store
from mlbench.runner.monitoring.status import status
from mlbench.runner.scheduling import locks
from mlbench.runner.scheduling.locks import EXPIRY, CellLock, cell_locks, has_expired, is_stale
from mlbench.runner.scheduling.owner import Owner
from mlbench.runner.scheduling.run_lock import RunLock, live_runs


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "suite")
    made.prepare()
    return made


def leave(store: Store, content: Any, age: float = EXPIRY + 5) -> Path:
    file = store.locks_folder / "aa.lock"
    file.write_text(json.dumps(content))
    os.utime(file, (time.time() - age, time.time() - age))
    return file


ELSEWHERE = {"host": "another-host", "namespace": "", "pid": 1, "born": "x/1"}


@pytest.mark.parametrize(
    "content",
    [
        {"owner": ELSEWHERE, "token": "../../a/b"},
        {"owner": ELSEWHERE, "token": ["a"]},
        {"owner": ELSEWHERE, "token": "x" * 5000},
        {"owner": ELSEWHERE},
        {"owner": 3, "token": "a"},
        {"owner": {"host": ["a"], "namespace": {}, "pid": 1e400, "born": None}, "token": "a"},
        {"owner": {**ELSEWHERE, "pid": 10**30}, "token": "a"},
        [],
        None,
        "text",
    ],
)
def test_any_content_frees_within_the_expiry(store: Store, content: Any) -> None:
    leave(store, content, age=0)
    assert CellLock.acquire(store, "aa", {}) is None
    leave(store, content)
    assert CellLock.acquire(store, "aa", {}) is not None


@pytest.mark.parametrize("pid", [10**30, -1, 0])
def test_an_owner_of_this_host_with_no_process_is_gone(store: Store, pid: int) -> None:
    leave(store, {"owner": {**Owner.this_process().describe(), "pid": pid}, "token": "a"}, age=0)
    assert CellLock.acquire(store, "aa", {}) is not None


def test_a_removal_that_was_not_finished_is_taken_over(store: Store) -> None:
    leave(store, {"owner": ELSEWHERE, "token": "a"})
    assert CellLock.acquire(store, "aa", {}) is not None
    file = leave(store, {"owner": ELSEWHERE, "token": "a"})
    real, locks._remove = locks._remove, lambda _: None
    try:
        assert CellLock.acquire(store, "aa", {}) is None, "the guard stays, as of one that was killed"
    finally:
        locks._remove = real
    [guard] = store.tmp_folder.glob("*.removal")
    assert CellLock.acquire(store, "aa", {}) is None
    os.utime(guard, (time.time() - EXPIRY - 5,) * 2)
    CellLock.acquire(store, "aa", {})
    assert CellLock.acquire(store, "aa", {}) is not None
    assert file.exists()


def test_a_stamp_in_the_future_frees_once_it_has_stood_still(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = leave(store, {"owner": ELSEWHERE, "token": "a"}, age=-3600)
    assert CellLock.acquire(store, "aa", {}) is None
    now = time.monotonic()
    monkeypatch.setattr("time.monotonic", lambda: now + EXPIRY / 2)
    assert not has_expired(file, store)
    monkeypatch.setattr("time.monotonic", lambda: now + EXPIRY + 5)
    assert CellLock.acquire(store, "aa", {}) is not None


def test_a_living_owner_whose_clock_is_ahead_keeps_its_lock(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, now = leave(store, {"owner": ELSEWHERE, "token": "a"}, age=-3600), time.monotonic()
    for step in range(1, 5):
        assert not has_expired(file, store)
        os.utime(file, (time.time() + 3600 + step,) * 2)
        monkeypatch.setattr("time.monotonic", lambda step=step: now + step * EXPIRY)


def test_a_folder_in_a_lock_s_place_is_removed(store: Store) -> None:
    folder = store.locks_folder / "aa.lock"
    (folder / "inner").mkdir(parents=True)
    os.utime(folder, (time.time() - EXPIRY - 5,) * 2)
    assert CellLock.acquire(store, "aa", {}) is not None


def test_the_time_of_day_may_be_stepped(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = CellLock.acquire(store, "aa", {})
    assert lock is not None
    here = Owner.this_process()
    assert "/" in here.born, "boot and ticks"
    monkeypatch.setattr("psutil.Process.create_time", lambda _: time.time() + 10_000)
    assert here.alive()
    assert not is_stale(lock.file, lock.content, store)


def test_a_disk_whose_clock_is_set_forward_frees_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a cell of another host nor the run of a driver there."""
    file = leave(store, {"owner": ELSEWHERE, "token": "a"}, age=1)
    run = RunLock(store, owner=Owner.parse(ELSEWHERE) or Owner.this_process())
    run.start({})
    assert not has_expired(file, store)
    assert run.taking()
    now, real = time.monotonic(), locks._disk_time
    monkeypatch.setattr(locks, "_disk_time", lambda store: real(store) + 3600)
    monkeypatch.setattr("time.monotonic", lambda: now + EXPIRY / 2)
    assert CellLock.acquire(store, "aa", {}) is None
    assert run.taking()
    monkeypatch.setattr("time.monotonic", lambda: now + EXPIRY + 5)
    assert not run.taking()
    assert CellLock.acquire(store, "aa", {}) is not None


def test_a_machine_of_the_same_name_is_another(store: Store) -> None:
    here = Owner.this_process()
    other = Owner(here.host, here.namespace, here.pid, f"another-boot/{here.born.partition('/')[2]}")
    assert other.alive() is None
    assert store.folder.is_dir()


@given(
    st.dictionaries(
        st.sampled_from(["owner", "token", "cells", "suites", "started", "dataset", "progress", "seed"]),
        st.recursive(
            st.none() | st.integers() | st.text() | st.floats(allow_nan=False), st.lists, max_leaves=4
        ),
    )
)
@settings(
    max_examples=int(os.environ.get("MLBENCH_FUZZ", "50")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_status_bears_any_lock(store: Store, content: dict[str, Any]) -> None:
    text = json.dumps(content)
    (store.locks_folder / "aa.lock").write_text(text)
    (store.locks_folder / "run-aa.keep").write_text(text)
    list(cell_locks(store))
    list(live_runs(store))
    status(store.folder)


def test_a_run_whose_lock_or_folder_is_gone_says_so(store: Store) -> None:
    run = RunLock(store)
    assert "does not see" in run.unseen()
    run.start({"cells": 1, "suites": ["s"], "started": "2026-01-01T00:00:00+00:00"})
    assert (run.trace, run.unseen()) == ("", "")
    assert len(list(live_runs(store))) == 1
    next(store.locks_folder.glob("*.take")).unlink()
    assert "somebody has removed it" in run.trace
    store.folder.rename(store.folder.with_name("moved"))
    assert "is gone" in run.trace
