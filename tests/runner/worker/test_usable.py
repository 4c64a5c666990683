"""Devices that the driver lists and torch cannot use. There is no GPU here: torch is a fake, or finds none."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from mlbench.records import Store
from mlbench.runner import run_suites
from mlbench.runner.scheduling.locks import cell_locks
from mlbench.runner.worker.memory import share
from mlbench.runner.worker.usable import remedy, trouble, works_still
from mlbench.suite import parse_suite
from tests.runner.conftest import FakeDevices, MakeOptions, MakeSuite
from tests.runner.driver import start
from tests.runner.fake_torch import ASSERTION, Product, fake
from tests.runner.test_interruption import wait_until
from tests.runner.test_run import records, starts

CELLS = "tests.runner.fake_torch:run_cell"


@pytest.fixture
def unusable(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Calling it makes devices useless."""
    return lambda *uuids: monkeypatch.setenv("MLBENCH_TEST_UNUSABLE", ",".join(uuids))


def test_it_says_what_is_wrong_and_what_to_do(monkeypatch: pytest.MonkeyPatch, unusable: Any) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-00")
    torch = fake()
    assert trouble(torch, "cuda:0") is None
    assert works_still(torch, "cuda:0")
    torch.cuda.poisoned = ASSERTION
    assert not works_still(torch, "cuda:0")
    unusable("GPU-00")
    found = trouble(fake(), "cuda:0")
    assert found is not None
    assert not found.full
    said = found.message
    assert said.startswith(
        "RuntimeError: CUDA error: no kernel image is available for execution on the device (torch"
    )
    assert "torch 2.99, CUDA 13.0" in said
    assert "has no code for this GPU" in said
    assert "mlbench doctor" in said
    assert "more of it" not in said


def test_a_wrong_product_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = fake()
    torch.cuda.init = lambda: None
    monkeypatch.setattr(Product, "sum", lambda _: 1.0)
    found = trouble(torch, "cuda:0")
    assert found is not None
    assert found.message.startswith("a product of two small matrices comes out wrong")


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("AssertionError: Torch not compiled with CUDA enabled", "built without CUDA"),
        ("RuntimeError: The NVIDIA driver on your system is too old (found version 11040).", "renew it"),
        ("RuntimeError: Found no NVIDIA driver on your system.", "compute,utility"),
        ("RuntimeError: No CUDA GPUs are available", "look at the container's devices"),
        (
            "AcceleratorError: CUDA error: CUDA-capable device(s) is/are busy or unavailable",
            "--slots-per-device 1",
        ),
        ("RuntimeError: CUDA error: unknown error", "`mlbench doctor`"),
    ],
)
def test_each_reason_has_its_remedy(said: str, advice: str) -> None:
    assert advice in remedy(said)


def test_a_run_on_a_device_that_cannot_be_used_ends_and_no_cell_fails(
    fake: FakeDevices, suite: MakeSuite, options: MakeOptions, log: Path, unusable: Any
) -> None:
    fake(1)
    unusable("GPU-00")
    settings = options(device="auto", cell_function=CELLS)
    summary = run_suites([suite("done", "warn", datasets=2)], settings)
    assert (summary.done, summary.failed, summary.missing, summary.exit_code) == (0, 0, 4, 1)
    said = f"a slot on {socket.gethostname()} ended: Fake A1 GPU-00 cannot be used: RuntimeError: CUDA error: no kernel"
    assert summary.reason.startswith(said)
    assert "--device cpu" in summary.reason
    assert starts(log) == {}
    store = Store(settings.results / "toys")
    assert not [*store.tmp_folder.iterdir(), *store.locks_folder.iterdir()]


def test_the_devices_that_can_be_used_do_the_work_of_those_that_cannot(
    fake: FakeDevices,
    suite: MakeSuite,
    options: MakeOptions,
    unusable: Any,
    capfd: pytest.CaptureFixture[str],
) -> None:
    fake(2)
    unusable("GPU-00")
    settings = options(device="auto", engine="loky", cell_function=CELLS, progress="plain")
    summary = run_suites([suite("done", "warn", datasets=2)], settings)
    assert (summary.done, summary.reason, summary.exit_code) == (4, "", 0)
    assert {record["variables"]["CUDA_VISIBLE_DEVICES"] for record in records(settings).values()} == {
        "GPU-11"
    }
    assert capfd.readouterr().err.count("Fake A1 GPU-00 cannot be used") == 1


@pytest.mark.parametrize("patience", [60.0, 1.0])
def test_a_slot_waits_for_the_memory_that_others_hold(
    fake: FakeDevices,
    suite: MakeSuite,
    options: MakeOptions,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    patience: float,
) -> None:
    fake(1)
    monkeypatch.setattr("mlbench.runner.scheduling.supervisor.FULL_PAUSE", 0.2)
    monkeypatch.setattr("mlbench.runner.scheduling.supervisor.FULL_PATIENCE", patience)
    full = tmp_path / "full"
    full.touch()
    monkeypatch.setenv("MLBENCH_TEST_FULL", str(full))
    if patience > 2:
        threading.Timer(2.0, full.unlink).start()
    summary = run_suites([suite("done")], options(device="auto", cell_function=CELLS))
    assert (summary.done, summary.failed) == ((1, 0) if patience > 2 else (0, 0))
    assert ("other processes hold its memory" in summary.reason) == (patience <= 2)


@pytest.mark.parametrize(
    ("slots", "said"), [(1, ""), (2, "2 slots share the device's memory evenly; with --retry oom")]
)
def test_memory_that_slots_share_is_said_to_be_shared(
    fake: FakeDevices, suite: MakeSuite, options: MakeOptions, slots: int, said: str
) -> None:
    fake(1)
    settings = options(device="auto", cell_function=CELLS, slots_per_device=slots)
    assert run_suites([suite("oom", batch_size=2)], settings).failed == 1
    [record] = records(settings).values()
    assert record["error"]["class"] == "oom"
    assert said in record["error"]["message"]
    assert ("slots" in record["error"]["message"]) == (slots > 1)


@pytest.mark.parametrize(("slots", "fraction"), [(1, 1.0), (2, 0.4875), (4, 0.2375)])
def test_a_slot_keeps_to_its_share_of_the_memory(
    fake: FakeDevices, suite: MakeSuite, options: MakeOptions, slots: int, fraction: float
) -> None:
    """What its cells take the others do not miss; and the record says with how many it was shared."""
    fake(1)
    settings = options(device="auto", cell_function=CELLS, slots_per_device=slots)
    assert run_suites([suite("done")], settings).done == 1
    [record] = records(settings).values()
    assert record["fraction"] == fraction
    assert record["environment"]["slots_per_device"] == slots
    assert share(2**30, 2) == 0.025


def test_ctrl_c_does_not_wait_for_the_memory_of_a_cell_that_has_not_begun(
    fake: FakeDevices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(1)
    full = tmp_path / "full"
    full.touch()
    monkeypatch.setenv("MLBENCH_TEST_FULL", str(full))
    driver = start(tmp_path / "results", ["done"], engine="sequential", device="auto", cell_function=CELLS)
    store = Store(tmp_path / "results" / "toys")
    wait_until(
        lambda: any((about.get("progress") or {}).get("phase") == "waits" for _, about in cell_locks(store))
    )
    os.killpg(driver.pid, signal.SIGINT)
    began = time.monotonic()
    out, _ = driver.communicate(timeout=60)
    assert time.monotonic() - began < 20
    assert (driver.returncode, json.loads(out)["missing"]) == (130, 1)


def test_a_process_that_a_cell_has_poisoned_trains_no_other(
    fake: FakeDevices, suite: MakeSuite, options: MakeOptions, log: Path
) -> None:
    """Also where the cell fails of something else, which it then keeps as its class."""
    fake(1)
    settings = options(device="auto", cell_function=CELLS)
    summary = run_suites([suite("assert", "done", "quietly assert", "warn")], settings)
    assert (summary.done, summary.failed) == (2, 2)
    assert set(starts(log).values()) == {1}
    classes = {
        record["cell"]["loss"]["id"]: record["error"]["class"]
        for record in Store(settings.results / "toys").records()
        if isinstance(record, dict) and record["status"] == "failed"
    }
    assert classes == {"assert": "error", "quietly-assert": "nonfinite"}


REAL = """
name = "real"
seeds = [0]
losses = ["bce"]
fractions = [0.1]

[[datasets]]
name = "digit-scenes"
encoder = "conv"
"""


@pytest.mark.skipif("__import__('torch').cuda.is_available()", reason="there is a GPU")
def test_torch_itself_is_asked(fake: FakeDevices, options: MakeOptions) -> None:
    """nvidia-smi lists a device here that torch does not find."""
    fake(1)
    settings = options(device="cuda", cell_function="mlbench.training:run_cell", plugins=())
    summary = run_suites([parse_suite(REAL, "real")], settings)
    assert (summary.done, summary.failed, summary.missing, summary.exit_code) == (0, 0, 1, 1)
    assert "Fake A1 GPU-00 cannot be used" in summary.reason
    assert json.dumps(summary.describe())
