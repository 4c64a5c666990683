"""Whose cores a slot shares, and with how many."""

from __future__ import annotations

import os
from dataclasses import replace

import joblib
import pytest

from mlbench.runner.scheduling import cores
from mlbench.runner.scheduling.cluster import threads_at
from mlbench.runner.scheduling.cores import host_and_cores, share_of_cores, sharers
from mlbench.runner.scheduling.devices import Lease
from mlbench.runner.scheduling.job import RunJob
from mlbench.runner.scheduling.supervisor import Slot
from tests.runner.conftest import FakeDevices


def test_slots_share_the_cores_of_their_own_place() -> None:
    assert sharers({host_and_cores(): 8, "another host": 64}, 0) == 8
    assert sharers({"one host": 8, "another host": 64}, 0) == 64
    assert sharers({host_and_cores(): 8}, 1) == 1
    assert sharers({host_and_cores(): 2}, 8) == 2


def test_each_slot_has_its_share_and_at_least_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joblib, "cpu_count", lambda: 8)
    assert [share_of_cores(slots) for slots in (1, 3, 8, 64)] == [8, 2, 1, 1]


def test_jobs_of_one_host_that_have_cores_of_their_own_share_none(monkeypatch: pytest.MonkeyPatch) -> None:
    if hasattr(os, "sched_getaffinity"):
        here = host_and_cores()
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: {100, 101})
        assert host_and_cores() != here
    monkeypatch.setattr(cores.socket, "gethostname", lambda: "another")
    assert host_and_cores().startswith("another ")


def test_threads_are_counted_by_place() -> None:
    workers = {
        "tcp://10.0.0.1:1": {"host": "10.0.0.1", "nthreads": 8},
        "tcp://10.0.0.1:2": {"host": "10.0.0.1", "nthreads": 8},
        "tcp://10.0.0.1:3": {"host": "10.0.0.1", "nthreads": 4},
        "tcp://10.0.0.2:1": {"host": "10.0.0.2", "nthreads": 2},
    }
    places = {
        f"tcp://10.0.0.1:{n}": ("copy", where) for n, where in ((1, "a 0,1"), (2, "a 2,3"), (3, "a 2,3"))
    }
    gone = {"tcp://10.0.0.2:1": OSError("it has left")}
    assert threads_at(workers, {**places, **gone}) == {"a 0,1": 8, "a 2,3": 12, "10.0.0.2": 2}


@pytest.mark.parametrize(
    ("count", "slots_per_device", "expected"), [(0, 1, 16), (1, 1, 1), (1, 2, 2), (8, 4, 16)]
)
def test_a_slot_shares_with_those_that_have_a_device(
    fake: FakeDevices,
    job: RunJob,
    count: int,
    slots_per_device: int,
    expected: int,
) -> None:
    fake(count)
    there = replace(job, device="auto", slots_per_device=slots_per_device, slots_at={host_and_cores(): 16})
    assert Slot(there, Lease("cpu", {}, "cpu"))._sharers == expected
