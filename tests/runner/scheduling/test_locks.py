"""Locks of cells and of runs: who holds one, when it is free again, and what the dead leave."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest

from mlbench.errors import DataError
from mlbench.records import Store
from mlbench.runner.scheduling.cleanup import clean
from mlbench.runner.scheduling.locks import EXPIRY, CellLock, cell_locks, read_lock, remove_stale
from mlbench.runner.scheduling.owner import Owner
from mlbench.runner.scheduling.run_lock import RunLock, live_runs


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "suite")
    made.prepare()
    return made


def dead_process() -> dict[str, Any]:
    """An owner of this host that has just ended."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    here = Owner.this_process()
    owner = Owner(here.host, here.namespace, process.pid, str(psutil.Process(process.pid).create_time()))
    assert owner.alive()
    process.kill()
    process.wait()
    assert owner.alive() is False
    return owner.describe()


def leave_lock(store: Store, identifier: str, owner: dict[str, Any], age: float = 0.0) -> Path:
    file = store.locks_folder / f"{identifier}.lock"
    file.write_text(json.dumps({"owner": owner, "token": "theirs"}), encoding="utf-8")
    os.utime(file, (time.time() - age, time.time() - age))
    return file


ELSEWHERE = {"host": "another-host", "namespace": "", "pid": 1, "born": 0.0}


def test_a_lock_excludes_until_it_is_released(store: Store) -> None:
    lock = CellLock.acquire(store, "aa", {"loss": "bce"})
    assert lock is not None
    assert CellLock.acquire(store, "aa", {}) is None
    lock.heartbeat({"step": 3})
    [(identifier, content)] = cell_locks(store)
    assert identifier == "aa"
    assert content["loss"] == "bce"
    assert content["progress"] == {"step": 3}
    lock.release()
    assert CellLock.acquire(store, "aa", {}) is not None


def test_a_lock_of_a_process_that_is_gone_is_free_at_once(store: Store) -> None:
    leave_lock(store, "aa", dead_process())
    assert list(cell_locks(store)) == []
    assert CellLock.acquire(store, "aa", {}) is not None
    assert list(store.tmp_folder.iterdir()) == []


def test_a_reused_process_number_is_not_the_owner(store: Store) -> None:
    leave_lock(store, "aa", {**Owner.this_process().describe(), "born": 1000.0})
    assert CellLock.acquire(store, "aa", {}) is not None


def test_a_lock_of_another_host_is_free_without_a_heartbeat_for_long(store: Store) -> None:
    leave_lock(store, "fresh", ELSEWHERE)
    leave_lock(store, "stale", ELSEWHERE, age=EXPIRY + 5)
    assert CellLock.acquire(store, "fresh", {}) is None
    assert CellLock.acquire(store, "stale", {}) is not None


def test_a_lock_that_is_only_being_written_is_respected(store: Store) -> None:
    (store.locks_folder / "aa.lock").touch()
    assert CellLock.acquire(store, "aa", {}) is None


def test_removing_a_stale_lock_spares_one_that_was_made_meanwhile(store: Store) -> None:
    file = leave_lock(store, "aa", dead_process())
    old = read_lock(file)
    file.unlink()
    fresh = CellLock.acquire(store, "aa", {})
    assert fresh is not None
    remove_stale(file, old, store)
    assert read_lock(file)["token"] == fresh.content["token"]
    assert list(store.tmp_folder.iterdir()) == []


def test_of_many_who_try_one_gets_it(store: Store) -> None:
    owner = dead_process()
    for number in range(50):
        leave_lock(store, f"a{number}", owner)
    got: list[CellLock | None] = []
    together = threading.Barrier(8)

    def grab() -> None:
        together.wait()
        for number in range(50):
            got.append(CellLock.acquire(store, f"a{number}", {}))

    threads = [threading.Thread(target=grab) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(lock is not None for lock in got) == 50
    assert list(store.tmp_folder.iterdir()) == []


def test_a_folder_that_is_gone_is_a_clear_error(store: Store) -> None:
    store.locks_folder.rmdir()
    with pytest.raises(DataError, match="cannot be locked"):
        CellLock.acquire(store, "aa", {})


def test_clean_removes_what_the_dead_left_and_nothing_else(store: Store) -> None:
    host, dead = Owner.this_process().host, dead_process()
    leave_lock(store, "dead", dead)
    mine = CellLock.acquire(store, "mine", {})
    theirs = leave_lock(store, "theirs", ELSEWHERE)
    keep = {
        store.tmp_folder / f"mine-{host}-{os.getpid()}-0123456789ab.json",
        store.tmp_folder / "theirs-another-host-17-0123456789ab.npz",
        store.tmp_folder / "ffff-another-host-17-0123456789ab.npz",
    }
    gone = {
        store.tmp_folder / f"dead-{host}-{dead['pid']}-0123456789ab.json",
        store.tmp_folder / f"eeee-{host}-{dead['pid']}-0123456789ab.npz",
    }
    for file in keep | gone:
        file.touch()
    run = RunLock(store)
    run.start({})
    old = RunLock(store, "old", Owner.parse(dead) or run.owner)
    old.start({})
    clean(store)
    assert set(store.tmp_folder.iterdir()) == keep
    assert mine is not None
    left = {mine.file, theirs, *store.locks_folder.glob(f"run-{run.run}.*")}
    assert set(store.locks_folder.iterdir()) == left
    assert len(left) == 4


def test_what_a_killed_run_of_earlier_code_left_is_removed(store: Store) -> None:
    """It kept its locks in `claims/`; those of one that is alive stay."""
    earlier = store.folder / "claims"
    earlier.mkdir()
    for name, owner in {"dead.claim": dead_process(), "alive.claim": Owner.this_process().describe()}.items():
        (earlier / name).write_text(json.dumps({"owner": owner, "token": "theirs"}), encoding="utf-8")
    clean(store)
    assert [file.name for file in earlier.iterdir()] == ["alive.claim"]
    (earlier / "alive.claim").unlink()
    clean(store)
    assert not earlier.exists()


def test_a_run_is_stopped_in_two_steps(store: Store) -> None:
    lock = RunLock(store)
    lock.start({"cells": 3, "suites": ["s"], "started": "2026-01-01T00:00:00+00:00"})
    assert [about["cells"] for about in live_runs(store)] == [3]
    assert lock.taking()
    assert lock.keeping()
    lock.finish_up()
    assert not lock.taking()
    assert lock.keeping()
    lock.stop()
    assert not lock.keeping()
    assert list(store.locks_folder.iterdir()) == []


def test_a_run_ends_with_its_driver(store: Store) -> None:
    owner = Owner.parse(dead_process())
    assert owner is not None
    lock = RunLock(store, owner=owner)
    lock.start({})
    assert not lock.keeping()
    assert list(live_runs(store)) == []


def test_a_driver_of_another_host_is_looked_for_once_a_heartbeat(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files lie on a shared file system, and every slot asks ten times a second."""
    owner = Owner.parse(ELSEWHERE)
    assert owner is not None
    lock = RunLock(store, owner=owner)
    lock.start({})
    calls = count_calls(monkeypatch)
    for _ in range(100):
        assert lock.keeping()
        assert lock.taking()
    assert calls["touch"] <= 2
    assert calls["stat"] <= 10
    assert list(store.tmp_folder.iterdir()) == []
    monkeypatch.setattr("mlbench.runner.scheduling.run_lock.HEARTBEAT", 0.0)
    lock.finish_up()
    assert not lock.taking()
    assert lock.keeping()
    lock.stop()
    assert not lock.keeping()


def test_a_driver_of_another_host_that_has_no_heartbeat_is_gone(store: Store) -> None:
    owner = Owner.parse(ELSEWHERE)
    assert owner is not None
    lock = RunLock(store, owner=owner)
    lock.start({})
    [file] = store.locks_folder.glob("*.keep")
    os.utime(file, (time.time() - EXPIRY - 5, time.time() - EXPIRY - 5))
    assert not lock.keeping()
    assert not lock.taking()


def test_cells_of_other_hosts_cost_one_file_a_heartbeat(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The monitor looks at all of them four times a second, and a slot without a cell tries each twice."""
    for number in range(20):
        leave_lock(store, f"a{number}", ELSEWHERE)
    calls = count_calls(monkeypatch)
    for _ in range(5):
        assert len(list(cell_locks(store))) == 20
        assert CellLock.acquire(store, "a3", {}) is None
    assert calls["touch"] <= 2


def count_calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Of the calls by which files are looked at and made, from now on."""
    calls = Counter[str]()

    def counted(name: str) -> None:
        real = getattr(Path, name)

        def call(self: Path, *arguments: Any, **named: Any) -> Any:
            calls[name] += 1
            return real(self, *arguments, **named)

        monkeypatch.setattr(Path, name, call)

    for name in ("touch", "stat"):
        counted(name)
    return calls
