"""Devices and their slots. There is no GPU here: a program called nvidia-smi says that there are some."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlbench.errors import ConfigError
from mlbench.records import Store
from mlbench.runner import plan, run_suites
from mlbench.runner.monitoring.reporters import reporter
from mlbench.runner.run import spread
from mlbench.runner.scheduling import devices
from mlbench.runner.scheduling.devices import Lease, chosen_devices, lease
from mlbench.runner.scheduling.engines import Engine
from mlbench.runner.scheduling.job import RunJob
from mlbench.runner.scheduling.supervisor import supervise
from tests.runner.conftest import FakeDevices, MakeOptions, MakeSuite
from tests.runner.driver import start


def uuids(device: str) -> list[str]:
    return [found.uuid for found in chosen_devices(device)]


def test_devices_by_name(fake: FakeDevices) -> None:
    fake(3)
    assert uuids("auto") == uuids("cuda") == ["GPU-00", "GPU-11", "GPU-22"]
    assert uuids("cuda:2,0") == ["GPU-00", "GPU-22"]
    assert uuids("cpu") == []
    with pytest.raises(ConfigError, match="there are 3 devices"):
        chosen_devices("cuda:3")
    with pytest.raises(ConfigError, match="say auto, cpu"):
        chosen_devices("gpu")


def test_without_a_driver_auto_is_the_cpu_and_cuda_an_error(fake: FakeDevices) -> None:
    fake(0)
    assert uuids("auto") == []
    with pytest.raises(ConfigError, match="no CUDA device"):
        chosen_devices("cuda")
    with lease("auto", 1, lambda: True) as cpu:
        assert cpu == Lease("cpu", {"CUDA_VISIBLE_DEVICES": ""}, "cpu")


@pytest.mark.parametrize(
    ("variable", "expected"),
    [("", []), ("2,0", ["GPU-22", "GPU-00"]), ("GPU-11", ["GPU-11"]), ("0,9,1", ["GPU-00"]), ("-1", [])],
)
def test_the_variable_limits_what_is_seen(
    fake: FakeDevices, monkeypatch: pytest.MonkeyPatch, variable: str, expected: list[str]
) -> None:
    fake(3)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", variable)
    devices.detected.cache_clear()
    assert uuids("auto") == expected


def test_a_slot_is_leased_once_and_free_again_afterwards(fake: FakeDevices) -> None:
    fake(2)
    with lease("auto", 1, lambda: True) as first, lease("auto", 1, lambda: True) as second:
        assert first is not None
        assert second is not None
        assert {first.variables["CUDA_VISIBLE_DEVICES"], second.variables["CUDA_VISIBLE_DEVICES"]} == {
            "GPU-00",
            "GPU-11",
        }
        assert (first.name, first.model, first.driver) == ("cuda:0", "Fake A1", "550.1")
        waits = iter([True, True, False])
        with lease("auto", 1, lambda: next(waits)) as third:
            assert third is None
        with lease("auto", 2, lambda: True) as shared:
            assert shared is not None
    with lease("cuda:1", 1, lambda: True) as again:
        assert again is not None
        assert again.variables["CUDA_VISIBLE_DEVICES"] == "GPU-11"


def test_instances_of_an_old_driver_can_be_leased(fake: FakeDevices, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their names have slashes."""
    fake(1)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-GPU-00/1/0")
    with lease("auto", 1, lambda: True) as one:
        assert one is not None
        assert one.variables["CUDA_VISIBLE_DEVICES"] == "MIG-GPU-00/1/0"


def test_a_run_says_why_it_is_on_the_cpu(
    fake: FakeDevices,
    suite: MakeSuite,
    options: MakeOptions,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    fake(1)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    assert run_suites([suite("done")], options(device="auto", progress="plain")).exit_code == 0
    said = (
        "CUDA_VISIBLE_DEVICES=3: no device here is 3; it and what follows are left out; cells run on the CPU"
    )
    assert capfd.readouterr().err.count(said) == 1
    assert run_suites([suite("warn")], options(device="cpu", progress="plain")).exit_code == 0
    assert "devices:" not in capfd.readouterr().err


def test_it_is_said_when_slots_wait_for_a_device(
    fake: FakeDevices,
    suite: MakeSuite,
    options: MakeOptions,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    fake(1)
    monkeypatch.setattr("mlbench.runner.monitoring.monitor.IDLE", 0.5)
    with contextlib.ExitStack() as elsewhere:
        elsewhere.enter_context(lease("auto", 1, lambda: True))
        threading.Timer(2.0, elsewhere.close).start()
        assert run_suites([suite("done")], options(device="auto", progress="plain")).exit_code == 0
    assert capfd.readouterr().err.count("wait for a free device") == 1


def test_a_slot_without_the_device_ends_and_the_others_go_on(
    fake: FakeDevices, suite: MakeSuite, options: MakeOptions, capfd: pytest.CaptureFixture[str]
) -> None:
    """Two slots as on two hosts of a cluster, threads of this process, one of which is told of a device too many."""
    fake(1)

    class TwoHosts(Engine):
        def spread(self, job: RunJob, told: Callable[[str], None]) -> list[str]:
            devices = ["cuda:7", "cuda:0"] if self.backend == "one" else ["cuda:7", "cuda:8"]
            ends = [supervise(replace(job, device=device)) for device in devices]
            lost = [end for end in ends if end is not None]
            for end in lost:
                told(end)
            return lost

    settings, shown = options(device="cuda", progress="plain"), reporter("plain", Path())
    Store(settings.results / "toys").prepare()
    none = spread(plan([suite("done", "warn")], settings), settings, TwoHosts("none", 2, {}), shown)
    assert (none.done, none.missing, none.exit_code) == (0, 2, 1)
    assert "there are 1 devices" in none.reason
    assert capfd.readouterr().err.count("ended without a cell") == 2
    one = spread(plan([suite("done", "warn")], settings), settings, TwoHosts("one", 2, {}), shown)
    assert (one.done, one.reason, one.exit_code) == (2, "", 0)
    assert capfd.readouterr().err.count(f"a slot on {socket.gethostname()} ended without a cell") == 1


def used(results: Path) -> list[tuple[str, str]]:
    """The device that every record's worker saw, and what torch called it."""
    found = []
    for file in Store(results / "toys").cells_folder.iterdir():
        record: dict[str, Any] = json.loads(file.read_text())
        found.append((record["variables"]["CUDA_VISIBLE_DEVICES"], record["device"]))
    return found


@pytest.mark.slow
def test_runs_on_one_machine_share_its_devices(fake: FakeDevices, tmp_path: Path, log: Path) -> None:
    """Two runs, two devices, one slot each: never more than two cells at once. The cells ask nothing of them."""
    fake(2)
    results = tmp_path / "results"
    acts: list[Any] = [["sleep", 0.4 + number / 100] for number in range(6)]
    drivers = [start(results, acts, device="auto") for _ in range(2)]
    for driver in drivers:
        driver.communicate(timeout=60)
        assert driver.returncode == 0
    devices_used = Counter(used(results))
    assert set(devices_used) == {("GPU-00", "cuda:0"), ("GPU-11", "cuda:0")}
    assert devices_used.total() == 6
    running = peak = 0
    for line in log.read_text().splitlines():
        running += 1 if line.startswith("start") else -1
        peak = max(peak, running)
    assert peak == 2
