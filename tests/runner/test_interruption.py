"""Real signals to real processes: Ctrl-C, SIGTERM, SIGKILL of the driver, of a supervisor, two runs at once."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from mlbench.records import Store
from tests.runner.driver import start

SLEEPERS: list[Any] = [["sleep", 1.0 + number / 100] for number in range(4)]


def wait_until(condition: Callable[[], bool], seconds: float = 40.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def count(log: Path, word: str) -> int:
    return sum(line.startswith(word) for line in log.read_text().splitlines())


def processes(log: Path) -> list[psutil.Process]:
    """Every process of a run, found by the test's own variable in its environment."""
    found = []
    for process in psutil.process_iter():
        try:
            mine = process.environ().get("MLBENCH_TEST_LOG") == str(log) and process.pid != os.getpid()
            if mine and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def end(driver: Any, log: Path) -> tuple[int, dict[str, Any]]:
    """Wait for a driver and all its processes; its exit code and what it printed."""
    out, err = driver.communicate(timeout=60)
    wait_until(lambda: not processes(log), 10)
    assert out.strip(), err
    return driver.returncode, json.loads(out)


def left(results: Path) -> list[Path]:
    store = Store(results / "toys")
    return [*store.tmp_folder.iterdir(), *store.locks_folder.iterdir()]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results"


@pytest.mark.parametrize("engine", ["sequential", "loky", pytest.param("dask", marks=pytest.mark.slow)])
def test_ctrl_c_once_finishes_what_runs(results: Path, log: Path, engine: str) -> None:
    slots = 1 if engine == "sequential" else 2
    driver = start(results, SLEEPERS, engine=engine, jobs=slots)
    wait_until(lambda: count(log, "start") == slots)
    os.killpg(driver.pid, signal.SIGINT)
    code, summary = end(driver, log)
    assert (code, summary["done"], summary["missing"]) == (130, slots, 4 - slots)
    assert count(log, "start") == count(log, "end") == slots
    assert left(results) == []


@pytest.mark.parametrize(("number", "times"), [(signal.SIGINT, 2), (signal.SIGTERM, 1)])
def test_ctrl_c_twice_or_sigterm_stops_at_once(results: Path, log: Path, number: int, times: int) -> None:
    driver = start(results, [["sleep", 60.0], ["sleep", 61.0], "done"], jobs=2)
    wait_until(lambda: count(log, "start") == 2)
    began = time.monotonic()
    for _ in range(times):
        os.killpg(driver.pid, number)
        time.sleep(0.3)
    code, summary = end(driver, log)
    assert time.monotonic() - began < 10
    assert (code, summary["done"], summary["missing"]) == (128 + number, 0, 3)
    assert left(results) == []


@pytest.mark.slow
def test_a_driver_that_is_killed_takes_all_with_it_and_loses_nothing(results: Path, log: Path) -> None:
    driver = start(results, ["done", *SLEEPERS], jobs=2)
    wait_until(lambda: count(log, "end") >= 1 and count(log, "start") >= 3)
    driver.kill()
    driver.communicate()
    wait_until(lambda: not processes(log), 10)
    before = Store(results / "toys").ids()
    assert before
    code, summary = end(start(results, ["done", *SLEEPERS], jobs=2), log)
    assert (code, summary["done"]) == (0, 5)
    assert before <= Store(results / "toys").ids()
    ends = Counter(line for line in log.read_text().splitlines() if line.startswith("end"))
    assert set(ends.values()) == {1}
    assert left(results) == []


@pytest.mark.slow
def test_a_supervisor_that_is_killed_is_replaced(results: Path, log: Path) -> None:
    driver = start(results, SLEEPERS, jobs=2)
    wait_until(lambda: count(log, "start") == 2)
    worker = next(found for found in processes(log) if "mlbench.runner.worker" in found.cmdline())
    supervisor = worker.parent()
    assert supervisor is not None
    assert supervisor.pid != driver.pid
    supervisor.kill()
    code, summary = end(driver, log)
    assert (code, summary["done"]) == (0, 4)
    assert left(results) == []


def test_two_runs_share_the_work(results: Path, log: Path) -> None:
    acts = [["sleep", 0.5 + number / 100] for number in range(8)]
    drivers = [start(results, acts, engine="sequential") for _ in range(2)]
    ended = [end(driver, log) for driver in drivers]
    assert [(code, summary["done"]) for code, summary in ended] == [(0, 8), (0, 8)]
    assert count(log, "start") == count(log, "end") == 8
    assert left(results) == []


@pytest.mark.slow
def test_one_run_takes_over_the_cell_of_another_that_is_killed(results: Path, log: Path) -> None:
    victim = start(results, [["sleep", 4.0]], engine="sequential")
    wait_until(lambda: count(log, "start") == 1)
    heir = start(results, [["sleep", 4.0]], engine="sequential")
    time.sleep(1.5)
    victim.kill()
    victim.communicate()
    code, summary = end(heir, log)
    assert (code, summary["done"]) == (0, 1)
    assert (count(log, "start"), count(log, "end")) == (2, 1)
    assert left(results) == []


@pytest.mark.slow
def test_results_that_are_removed_meanwhile_stop_the_run(results: Path, log: Path) -> None:
    driver = start(results, [["sleep", 30.0]], engine="loky")
    wait_until(lambda: count(log, "start") == 1)
    shutil.rmtree(results)
    out, err = driver.communicate(timeout=30)
    wait_until(lambda: not processes(log), 10)
    assert json.loads(out)["missing"] == 1, err
    assert "Traceback" not in err
