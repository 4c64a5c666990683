"""The three engines, on real processes: a Dask scheduler and two workers on loopback, loky, and this process."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Literal

import joblib
import pytest

from mlbench.errors import ConfigError
from mlbench.records import Store
from mlbench.runner import RunOptions, plan, run_suites
from mlbench.runner.monitoring.reporters import Silent
from mlbench.runner.scheduling.cores import host_and_cores
from mlbench.runner.scheduling.engines import open_engine
from mlbench.suite import parse_suite
from tests.runner.conftest import FakeDevices, MakeOptions, MakeSuite
from tests.runner.scheduling.dask_cluster import cluster
from tests.runner.test_interruption import count


@pytest.mark.slow
def test_a_running_dask_cluster_runs_a_suite(
    suite: MakeSuite, options: MakeOptions, tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plugins and variables travel with the cells, and a relative results folder is the driver's."""
    monkeypatch.chdir(tmp_path)
    acts: list[Any] = [("sleep", 0.3 + number / 100) for number in range(8)]
    with cluster(tmp_path / "elsewhere") as address:
        settings = options(engine="dask", scheduler=address, results=Path("results"))
        with open_engine(settings, 100) as engine:
            assert (engine.slots, engine.slots_at) == (2, {host_and_cores(): 2})
        summary = run_suites([suite(*acts, "raise", "kill")], settings)
    assert (summary.done, summary.failed, summary.missing) == (8, 2, 0)
    assert count(log, "end") == 8
    store = Store(settings.results / "toys")
    assert not [*store.tmp_folder.iterdir(), *store.locks_folder.iterdir()]


@pytest.mark.slow
def test_a_dask_worker_that_is_killed_costs_nothing(
    suite: MakeSuite, options: MakeOptions, tmp_path: Path, log: Path
) -> None:
    import threading

    import psutil

    from tests.runner.test_interruption import processes, wait_until

    acts: list[Any] = [("sleep", 1.0 + number / 100) for number in range(6)]
    with cluster(tmp_path / "elsewhere") as address:

        def kill_one() -> None:
            wait_until(lambda: count(log, "start") == 2)
            trainer = next(found for found in processes(log) if "mlbench.runner.worker" in found.cmdline())
            supervisor = trainer.parent()
            assert isinstance(supervisor, psutil.Process)
            supervisor.kill()

        killer = threading.Thread(target=kill_one)
        killer.start()
        summary = run_suites([suite(*acts)], options(engine="dask", scheduler=address))
        killer.join()
    assert (summary.done, summary.missing) == (6, 0)
    assert count(log, "end") == 6


@pytest.mark.slow
def test_a_scheduler_that_is_not_there_is_a_clear_error(options: MakeOptions) -> None:
    settings = options(engine="dask", scheduler="tcp://127.0.0.1:9")
    with (
        pytest.raises(ConfigError, match=r"tcp://127\.0\.0\.1:9: cannot be reached"),
        open_engine(settings, 1),
    ):
        pass


REAL = """
name = "real"
seeds = [0]
fractions = [0.1]
losses = ["bce", "supcon", "kmcl"]

[train]
epochs = 1
min_steps = 10
probe_steps = 50
threads = 1

[[datasets]]
name = "digit-scenes"
encoder = "conv"
"""


@pytest.mark.slow
def test_the_engines_agree_to_the_last_bit(tmp_path: Path) -> None:
    """Real training: the same suite, the same threads, three engines, identical metrics in all records."""
    suite = parse_suite(REAL, "real")
    found: list[dict[str, Any]] = []
    engines: list[tuple[Literal["sequential", "loky", "dask"], int]] = [
        ("sequential", 1),
        ("loky", 2),
        ("dask", 2),
    ]
    for engine, jobs in engines:
        results = tmp_path / engine
        settings = RunOptions(results=results, engine=engine, jobs=jobs, device="cpu", progress="none")
        assert run_suites([suite], settings).exit_code == 0
        files = (results / "real" / "cells").iterdir()
        found.append({file.name: numbers(json.loads(file.read_text())) for file in files})
    assert len(found[0]) == 3
    assert found[0] == found[1] == found[2]


def numbers(record: dict[str, Any]) -> dict[str, Any]:
    keys = ("metrics", "probe_metrics", "floor_metrics", "threshold", "history")
    return {key: record[key] for key in keys}


def test_the_order_gives_early_answers(suite: MakeSuite, options: MakeOptions) -> None:
    cells = plan([suite("done", "warn", seeds=(0, 1), datasets=2)], options()).todo
    assert [(cell.cell.seed, cell.cell.dataset, cell.cell.loss.id) for cell in cells] == [
        (seed, dataset, loss) for seed in (0, 1) for dataset in ("toy0", "toy1") for loss in ("done", "warn")
    ]


@pytest.mark.slow
def test_a_cluster_of_one_worker_does_the_work_itself(
    suite: MakeSuite, options: MakeOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """joblib would run a single job in the calling process, which may be a login node with fewer cores."""
    cores = joblib.cpu_count()
    with cluster(tmp_path / "elsewhere", workers=1) as address:
        monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
        settings = options(engine="dask", scheduler=address)
        assert run_suites([suite("done")], settings).exit_code == 0
    [file] = (settings.results / "toys" / "cells").iterdir()
    record = json.loads(file.read_text())
    assert record["supervisor"] != os.getpid()
    assert record["environment"]["threads"] == cores


@pytest.mark.slow
def test_a_cell_has_the_cores_that_its_host_has_for_a_device(
    fake: FakeDevices, suite: MakeSuite, options: MakeOptions, tmp_path: Path
) -> None:
    """As in the README: one worker of eight threads beside one GPU. Seven of its slots wait for the eighth's device."""
    fake(1)
    with cluster(tmp_path / "elsewhere", workers=1, threads=8) as address:
        settings = options(engine="dask", scheduler=address, device="auto")
        acts: list[Any] = [("sleep", 0.2 + number / 100) for number in range(8)]
        assert run_suites([suite(*acts)], settings).exit_code == 0
    files = (settings.results / "toys" / "cells").iterdir()
    assert {json.loads(file.read_text())["environment"]["threads"] for file in files} == {joblib.cpu_count()}


def test_a_slot_that_ends_early_is_told_of_while_the_others_work(
    fake: FakeDevices, suite: MakeSuite, options: MakeOptions, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(2)
    monkeypatch.setenv("MLBENCH_TEST_UNUSABLE", "GPU-00")

    class Noting(Silent):
        notes: list[tuple[str, int]] = []

        def note(self, text: str) -> None:
            self.notes.append((text, count(log, "end")))

    settings = options(device="auto", engine="loky", cell_function="tests.runner.fake_torch:run_cell")
    acts: list[Any] = [("sleep", 0.5 + number / 100) for number in range(8)]
    assert run_suites([suite(*acts)], settings, Noting()).done == 8
    [finished] = [finished for text, finished in Noting.notes if "Fake A1 GPU-00 cannot be used" in text]
    assert finished < 8


def test_no_process_of_earlier_work_serves_a_run(
    options: MakeOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would do so with the variables of its own time: of a report that was drawn, or of a run that broke off."""

    def asked() -> list[str | None]:
        return list(joblib.Parallel(n_jobs=2)(joblib.delayed(os.getenv)("MLBENCH_TEST") for _ in range(2)))

    def run_that_sees(value: str, then: Exception | None = None) -> None:
        monkeypatch.setenv("MLBENCH_TEST", value)
        with open_engine(options(engine="loky", jobs=2), 2) as engine, joblib.parallel_config(engine.backend):
            assert asked() == [value, value]
            if then is not None:
                raise then

    monkeypatch.setenv("MLBENCH_TEST", "drawn")
    assert asked() == ["drawn", "drawn"]
    with pytest.raises(ConfigError, match="broken off"):
        run_that_sees("first", ConfigError("broken off"))
    run_that_sees("second")
