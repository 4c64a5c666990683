"""Suites of toy cells, and the options to run them with fault injection."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mlbench.registry import load_plugins
from mlbench.runner import RunOptions, plan
from mlbench.runner.scheduling import devices
from mlbench.runner.scheduling.job import RunJob
from mlbench.runner.scheduling.run_lock import RunLock
from mlbench.suite import Suite

FOLDER = Path(__file__).parent
PLUGINS = (FOLDER / "toy_data.py", FOLDER / "toy_loss.py")

MakeSuite = Callable[..., Suite]
MakeOptions = Callable[..., RunOptions]
FakeDevices = Callable[[int], None]


@pytest.fixture(autouse=True)
def toys() -> None:
    """The toy plugins are registered for the time of a test."""
    load_plugins(PLUGINS)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which faults note every start and end of a cell."""
    file = tmp_path / "log.txt"
    file.touch()
    monkeypatch.setenv("MLBENCH_TEST_LOG", str(file))
    return file


@pytest.fixture
def options(tmp_path: Path) -> MakeOptions:
    """Options for one slot on the CPU, faults in place of training, results under the test's folder."""

    def make(**changes: Any) -> RunOptions:
        settings: dict[str, Any] = {
            "results": tmp_path / "results",
            "engine": "sequential",
            "device": "cpu",
            "progress": "none",
            "plugins": PLUGINS,
            "cell_function": "tests.runner.faults:run_cell",
        }
        return RunOptions(**{**settings, **changes})

    return make


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDevices]:
    """Calling it gives this machine so many devices."""

    def install(count: int) -> None:
        program = tmp_path / "bin" / "nvidia-smi"
        program.parent.mkdir(exist_ok=True)
        lines = "\n".join(f"echo 'GPU-{number}{number}, Fake A1, 550.1'" for number in range(count))
        program.write_text(f"#!/bin/sh\n{lines}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        devices.detected.cache_clear()

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr("mlbench.runner.scheduling.cuda_driver.SIGNS", ())
    yield install
    devices.detected.cache_clear()


@pytest.fixture
def suite() -> MakeSuite:
    return make_suite


@pytest.fixture
def job(suite: MakeSuite, options: MakeOptions) -> Iterator[RunJob]:
    """Two cells, which nobody works on."""
    settings = options()
    tasks = tuple(cell.task() for cell in plan([suite("done", "warn")], settings).todo)
    tasks[0].store.prepare()
    about = {"device": "cpu", "slots_per_device": 1, "slots_at": {}, "plugins": (), "data_root": None}
    limits = {"time_limit": None, "memory_limit": None, "fail_fast": False, "checkpoint_every": None}
    there = {"folder": Path.cwd(), "variables": {}, "cell_function": ""}
    made = RunJob(run_lock=RunLock(tasks[0].store), tasks=tasks, waiting=(), **about, **limits, **there)  # type: ignore[arg-type]
    made.run_lock.start({"cells": 2, "suites": ["toys"], "started": ""})
    yield made
    made.run_lock.stop()


def make_suite(
    *acts: str | tuple[str, float],
    name: str = "toys",
    seeds: tuple[int, ...] = (0,),
    datasets: int = 1,
    tuning: dict[str, Any] | None = None,
    **train: Any,
) -> Suite:
    """A suite whose losses do `acts`, each (act, number) or act; their ids are the acts' own words."""
    losses = []
    for act in acts:
        word, number = act if isinstance(act, tuple) else (act, 0.0)
        shown = f"{word}-{number:g}".replace(" ", "-") if number else word.replace(" ", "-")
        losses.append({"name": "toy_loss", "id": shown, "act": word, "number": float(number)})
    return Suite.model_validate(
        {
            "name": name,
            "seeds": list(seeds),
            "fractions": [1.0],
            "losses": losses,
            "train": train,
            "tuning": tuning,
            "datasets": [
                {"name": "toy", "id": f"toy{variant}", "variant": variant, "encoder": "features"}
                for variant in range(datasets)
            ],
        }
    )
