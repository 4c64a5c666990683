"""A cell that is stopped or killed in the middle goes on there, and ends in the same numbers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from mlbench.atomic_writes import UNFINISHED
from mlbench.records import Store
from mlbench.runner import run_suites
from mlbench.runner.options import parse_interval
from mlbench.runner.scheduling.cleanup import clean
from mlbench.runner.worker import attempt as attempts
from tests.runner.conftest import MakeOptions, MakeSuite
from tests.runner.driver import ROOT, start
from tests.runner.test_interruption import count, end, left, processes, wait_until

LONG = "tests.runner.long_cells:run_cell"
STEPS = 100
TOTAL = sum(range(STEPS)) / 10**6
ACTS: list[Any] = [["long", float(STEPS)], ["longer", float(STEPS)]]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results"


def checkpoints(results: Path) -> list[Path]:
    return sorted((results / "toys" / "checkpoints").iterdir())


def records(results: Path) -> list[dict[str, Any]]:
    return [record for record in Store(results / "toys").records() if isinstance(record, dict)]


def steps(log: Path) -> int:
    return count(log, "step")


@pytest.mark.parametrize(
    ("engine", "to_all"),
    [
        pytest.param("sequential", False),
        pytest.param("sequential", True, marks=pytest.mark.slow),
        pytest.param("loky", False, marks=pytest.mark.slow),
        pytest.param("loky", True, marks=pytest.mark.slow),
        pytest.param("dask", False, marks=pytest.mark.slow),
        pytest.param("dask", True, marks=pytest.mark.slow),
    ],
)
def test_sigterm_leaves_a_checkpoint(results: Path, log: Path, engine: str, to_all: bool) -> None:
    """Whether the driver alone hears it, or all processes of a batch job."""
    slots = 1 if engine == "sequential" else 2
    driver = start(results, ACTS, engine=engine, jobs=slots, cell_function=LONG)
    wait_until(lambda: count(log, "start") == slots and steps(log) >= 10 * slots)
    (os.killpg if to_all else os.kill)(driver.pid, signal.SIGTERM)
    code, summary = end(driver, log)
    assert (code, summary["done"], summary["missing"], summary["checkpointed"]) == (143, 0, 2, slots)
    assert len(checkpoints(results)) == slots
    assert not records(results)
    assert not left(results)
    before = steps(log)
    code, summary = end(start(results, ACTS, engine=engine, jobs=slots, cell_function=LONG), log)
    assert (code, summary["done"], summary["checkpointed"]) == (0, 2, 0)
    assert steps(log) == 2 * STEPS
    assert sum(record["begun"] for record in records(results)) == before
    assert {record["metrics"]["test"]["map"] for record in records(results)} == {TOTAL}
    assert checkpoints(results) == left(results) == []


@pytest.mark.slow
def test_a_run_that_is_killed_outright_goes_on_at_the_last_checkpoint(results: Path, log: Path) -> None:
    chosen: dict[str, Any] = {"engine": "sequential", "cell_function": LONG, "checkpoint_every": 0.2}
    driver = start(results, ACTS[:1], **chosen)
    wait_until(lambda: steps(log) >= 40)
    for process in processes(log):
        process.kill()
    driver.communicate()
    # A kill while the next one is written leaves that beside it, unfinished.
    assert [file.suffix for file in checkpoints(results) if file.suffix != UNFINISHED] == [".safetensors"]
    code, _ = end(start(results, ACTS[:1], **chosen), log)
    assert checkpoints(results) == []
    (record,) = records(results)
    assert (code, record["metrics"]["test"]["map"]) == (0, TOTAL)
    assert 20 < record["begun"] < STEPS
    assert steps(log) < 1.3 * STEPS


def test_the_second_try_goes_on_at_the_checkpoint(
    suite: MakeSuite, options: MakeOptions, log: Path, results: Path
) -> None:
    run_suites([suite(("die once", 60.0))], options(cell_function=LONG, checkpoint_every=0.3))
    (record,) = records(results)
    assert record["metrics"]["test"]["map"] == sum(range(60)) / 10**6
    assert [retry["class"] for retry in record["retries"]] == ["crash"]
    assert record["begun"] > 0
    assert steps(log) == 60


@pytest.mark.slow
def test_without_checkpoints_a_stop_is_a_stop(results: Path, log: Path) -> None:
    driver = start(results, ACTS[:1], engine="sequential", cell_function=LONG, checkpoint_every=None)
    wait_until(lambda: steps(log) >= 10)
    driver.terminate()
    code, summary = end(driver, log)
    assert (code, summary["missing"], summary["checkpointed"]) == (143, 1, 0)
    assert checkpoints(results) == left(results) == []


@pytest.mark.slow
def test_a_worker_told_to_stop_by_somebody_else_goes_on(results: Path, log: Path) -> None:
    driver = start(results, ACTS[:1], engine="sequential", cell_function=LONG)
    wait_until(lambda: steps(log) >= 10)
    worker = next(found for found in processes(log) if "mlbench.runner.worker" in found.cmdline())
    worker.terminate()
    code, summary = end(driver, log)
    assert (code, summary["done"]) == (0, 1)
    assert (count(log, "start"), steps(log)) == (2, STEPS)


def test_a_worker_that_does_not_stop_is_killed(results: Path, log: Path) -> None:
    """Within the grace period, which is a minute; here it is made a second."""
    grace = (
        "from mlbench.runner.worker import attempt; attempt.GRACE = 1.0\n"
        "from tests.runner.driver import main; main()"
    )
    request = {"acts": [["deaf", 1000.0]], "suite": {}}
    chosen = {"engine": "sequential", "cell_function": LONG, "results": str(results)}
    driver = subprocess.Popen(
        [sys.executable, "-c", grace, json.dumps({**request, "options": chosen})],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )
    wait_until(lambda: steps(log) >= 10)
    began = time.monotonic()
    driver.terminate()
    code, summary = end(driver, log)
    assert (code, summary["missing"]) == (143, 1)
    assert 0.8 < time.monotonic() - began < 10
    assert attempts.GRACE == 60


def test_a_run_clears_the_checkpoints_that_nobody_needs(
    suite: MakeSuite, options: MakeOptions, results: Path
) -> None:
    grid = suite("done", "warn")
    run_suites([suite("done")], options())
    store = Store(results / "toys")
    (done,) = store.ids()
    for name in (f"{done}.safetensors", "begun.safetensors", "begun-77-aaaa.tmp"):
        (store.checkpoints_folder / name).touch()
    clean(store)
    assert [file.name for file in checkpoints(results)] == ["begun.safetensors"]
    store.checkpoint_file(done).touch()
    run_suites([grid], options(rerun="all"))
    assert [file.name for file in checkpoints(results)] == ["begun.safetensors"]


def test_a_failed_cell_leaves_none(suite: MakeSuite, options: MakeOptions, results: Path) -> None:
    """So that `--retry` starts it anew."""
    store = Store(results / "toys")
    store.prepare()
    run_suites([suite("raise")], options())
    (failed,) = store.ids()
    store.checkpoint_file(failed).touch()
    run_suites([suite("raise")], options(retry=("failed",)))
    assert checkpoints(results) == []


@pytest.mark.parametrize(("text", "seconds"), [("10m", 600.0), ("30", 30.0), ("0", None), ("none", None)])
def test_intervals(text: str, seconds: float | None) -> None:
    assert parse_interval(text) == seconds


SUITE = """
name = "toys"
seeds = [0]
fractions = [1.0]
losses = ["asl", "supcon"]
[train]
epochs = 40
batch_size = 32
threads = 1
[[datasets]]
name = "digit-scenes"
samples = 600
encoder = "conv"
"""


def mlbench(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "mlbench.cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.slow
def test_a_real_cell_ends_in_the_same_numbers(tmp_path: Path, log: Path) -> None:
    """Stopped by SIGTERM in the middle, killed by SIGKILL in the middle, and undisturbed."""
    file = tmp_path / "suite.toml"
    file.write_text(SUITE)
    disturbed, quiet = tmp_path / "disturbed", tmp_path / "quiet"

    def command(results: Path) -> subprocess.Popen[str]:
        return mlbench("run", str(file), "--results", str(results), "--jobs", "1", "--checkpoint-every", "1s")

    for number in (signal.SIGTERM, signal.SIGKILL):
        before = {path: path.stat().st_mtime_ns for path in disturbed.rglob("*.safetensors")}
        driver = command(disturbed)
        wait_until(
            lambda before=before: any(  # type: ignore[misc]
                path.stat().st_mtime_ns != before.get(path)
                for path in disturbed.rglob("checkpoints/*.safetensors")
            )
        )
        driver.send_signal(number)
        _, said = driver.communicate(timeout=60)
        wait_until(lambda: not processes(log), 60)
        assert driver.returncode == (143 if number == signal.SIGTERM else -signal.SIGKILL)
        if number == signal.SIGTERM:
            assert "1 of the missing stand at a checkpoint; the same command goes on there" in said
    for folder in (disturbed, quiet):
        driver = command(folder)
        driver.communicate(timeout=300)
        assert driver.returncode == 0
    found = {record["id"]: record for record in records(disturbed)}
    assert any(record["history"]["resumed_at"] for record in found.values())
    for record in records(quiet):
        for reading in ("metrics", "probe_metrics"):
            assert found[record["id"]][reading] == record[reading]
    assert checkpoints(disturbed) == left(disturbed) == []
