from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from mlbench.errors import DataError
from mlbench.records import Store
from mlbench.runner.scheduling.cleanup import clean
from mlbench.runner.scheduling.lifeline import Lifeline, runs
from mlbench.runner.scheduling.locks import EXPIRY, Claim, bury, claims, read_claim
from mlbench.runner.scheduling.owner import Owner


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "suite")
    made.prepare()
    return made


def dead_process() -> dict[str, Any]:
    """An owner of this host that has just ended."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    here = Owner.this_process()
    owner = Owner(here.host, here.namespace, process.pid, psutil.Process(process.pid).create_time())
    assert owner.alive()
    process.kill()
    process.wait()
    assert owner.alive() is False
    return owner.describe()


def leave_claim(store: Store, identifier: str, owner: dict[str, Any], age: float = 0.0) -> Path:
    file = store.claims_folder / f"{identifier}.claim"
    file.write_text(json.dumps({"owner": owner, "token": "theirs"}), encoding="utf-8")
    os.utime(file, (time.time() - age, time.time() - age))
    return file


ELSEWHERE = {"host": "another-host", "namespace": "", "pid": 1, "born": 0.0}


def test_a_claim_excludes_until_it_is_released(store: Store) -> None:
    claim = Claim.take(store, "aa", {"loss": "bce"})
    assert claim is not None
    assert Claim.take(store, "aa", {}) is None
    claim.beat({"step": 3})
    [(identifier, content)] = claims(store)
    assert identifier == "aa"
    assert content["loss"] == "bce"
    assert content["progress"] == {"step": 3}
    claim.release()
    assert Claim.take(store, "aa", {}) is not None


def test_a_claim_of_a_process_that_is_gone_is_free_at_once(store: Store) -> None:
    leave_claim(store, "aa", dead_process())
    assert list(claims(store)) == []
    assert Claim.take(store, "aa", {}) is not None
    assert list(store.tmp_folder.iterdir()) == []


def test_a_reused_process_number_is_not_the_owner(store: Store) -> None:
    leave_claim(store, "aa", {**Owner.this_process().describe(), "born": 1000.0})
    assert Claim.take(store, "aa", {}) is not None


def test_a_claim_of_another_host_is_free_when_it_has_not_beaten_for_long(store: Store) -> None:
    leave_claim(store, "fresh", ELSEWHERE)
    leave_claim(store, "stale", ELSEWHERE, age=EXPIRY + 5)
    assert Claim.take(store, "fresh", {}) is None
    assert Claim.take(store, "stale", {}) is not None


def test_a_claim_that_is_only_being_written_is_respected(store: Store) -> None:
    (store.claims_folder / "aa.claim").touch()
    assert Claim.take(store, "aa", {}) is None


def test_burying_spares_a_claim_that_was_made_meanwhile(store: Store) -> None:
    file = leave_claim(store, "aa", dead_process())
    old = read_claim(file)
    file.unlink()
    fresh = Claim.take(store, "aa", {})
    assert fresh is not None
    bury(file, old, store)
    assert read_claim(file)["token"] == fresh.content["token"]
    assert list(store.tmp_folder.iterdir()) == []


def test_of_many_who_try_one_gets_it(store: Store) -> None:
    owner = dead_process()
    for number in range(50):
        leave_claim(store, f"a{number}", owner)
    got: list[Claim | None] = []
    together = threading.Barrier(8)

    def grab() -> None:
        together.wait()
        for number in range(50):
            got.append(Claim.take(store, f"a{number}", {}))

    threads = [threading.Thread(target=grab) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(claim is not None for claim in got) == 50
    assert list(store.tmp_folder.iterdir()) == []


def test_a_folder_that_is_gone_is_a_clear_error(store: Store) -> None:
    store.claims_folder.rmdir()
    with pytest.raises(DataError, match="cannot be claimed"):
        Claim.take(store, "aa", {})


def test_clean_removes_what_the_dead_left_and_nothing_else(store: Store) -> None:
    host, dead = Owner.this_process().host, dead_process()
    leave_claim(store, "dead", dead)
    mine = Claim.take(store, "mine", {})
    theirs = leave_claim(store, "theirs", ELSEWHERE)
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
    run = Lifeline(store)
    run.start({})
    old = Lifeline(store, "old", Owner.parse(dead) or run.owner)
    old.start({})
    clean(store)
    assert set(store.tmp_folder.iterdir()) == keep
    assert mine is not None
    left = {mine.file, theirs, *store.claims_folder.glob(f"run-{run.run}.*")}
    assert set(store.claims_folder.iterdir()) == left
    assert len(left) == 4


def test_a_lifeline_is_cut_in_two_steps(store: Store) -> None:
    line = Lifeline(store)
    line.start({"cells": 3})
    assert [about["cells"] for about in runs(store)] == [3]
    assert line.taking()
    assert line.keeping()
    line.finish_up()
    assert not line.taking()
    assert line.keeping()
    line.stop()
    assert not line.keeping()
    assert list(store.claims_folder.iterdir()) == []


def test_a_lifeline_ends_with_its_owner(store: Store) -> None:
    owner = Owner.parse(dead_process())
    assert owner is not None
    line = Lifeline(store, owner=owner)
    line.start({})
    assert not line.keeping()
    assert list(runs(store)) == []
