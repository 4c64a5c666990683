"""What the runner costs: per cell, and where thousands of cells are done already.

    OMP_NUM_THREADS=1 pytest tests/benchmarks/test_runner.py -s -m slow

prints the numbers. Run it alone, on a machine that does nothing else. The speed-up of two workers stands against one
worker in the same run; the rest are plain times.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from mlbench.records import Store, encode
from mlbench.registry import load_plugins
from mlbench.runner import Plan, RunOptions, plan, run_suites
from mlbench.suite import Suite
from tests.runner.conftest import PLUGINS, make_suite
from tests.runner.conftest import toys as toys  # the fixture, for these tests too

pytestmark = pytest.mark.slow

CELLS = 10_000
ROOT = Path(__file__).parents[2]


def options(results: Path, **changes: Any) -> RunOptions:
    settings: dict[str, Any] = {
        "results": results,
        "device": "cpu",
        "progress": "none",
        "plugins": PLUGINS,
        "cell_function": "tests.runner.faults:run_cell",
    }
    return RunOptions(**{**settings, **changes})


def ten_thousand() -> Suite:
    acts = [("done", float(number)) for number in range(1, 51)]
    return make_suite(*acts, seeds=tuple(range(20)), datasets=10)


def spans(results: Path) -> tuple[list[datetime], list[datetime]]:
    records = [json.loads(file.read_text()) for file in (results / "toys" / "cells").iterdir()]
    moments = [(datetime.fromisoformat(r["started"]), datetime.fromisoformat(r["finished"])) for r in records]
    started, finished = zip(*moments, strict=True)
    return sorted(started), sorted(finished)


@pytest.mark.parametrize(("engine", "target"), [("loky", 20), ("dask", 50)])
def test_overhead_per_cell(
    benchmark: BenchmarkFixture, tmp_path: Path, engine: Literal["loky", "dask"], target: int
) -> None:
    """Cells that do nothing, on warm workers: the milliseconds of a slot that each takes, records and scores
    written and flushed."""
    cells, slots = 400, 2
    suite = make_suite(*[("done", float(number)) for number in range(1, cells + 1)])
    chosen = options(tmp_path, engine=engine, jobs=slots)
    benchmark.pedantic(lambda: run_suites([suite], chosen), rounds=1)
    _, finished = spans(tmp_path)
    warm = finished[cells // 4 :]
    overhead = 1000 * slots * (warm[-1] - warm[0]).total_seconds() / (len(warm) - 1)
    benchmark.extra_info["ms_per_cell"] = overhead
    print(f"\n{engine}: {overhead:.1f} ms a cell (target: under {target})")


def test_two_workers_against_one(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """32 equal cells that compute, one thread each: from the first start to the last finish."""
    suite = make_suite(("compute", 6e6), seeds=tuple(range(32)), threads=1)
    seconds = {}
    for slots in (1, 2):
        results = tmp_path / str(slots)
        chosen = options(results, engine="loky", jobs=slots)
        if slots == 1:
            run_suites([suite], chosen)
        else:
            benchmark.pedantic(lambda: run_suites([suite], chosen), rounds=1)  # noqa: B023
        started, finished = spans(results)
        seconds[slots] = (finished[-1] - started[0]).total_seconds()
    machine = seconds_alone(1) / seconds_alone(2) * 2
    ratio = seconds[1] / seconds[2]
    benchmark.extra_info["speed_up"] = ratio
    print(
        f"\ntwo workers against one: {ratio:.2f} times (target: 1.8; two bare processes here: {machine:.2f})"
    )


def seconds_alone(processes: int) -> float:
    """What so many processes take that do the same sums with nothing around them."""
    program = "total = 0\nfor step in range(60_000_000): total += step * step"
    began = time.perf_counter()
    for process in [subprocess.Popen([sys.executable, "-c", program]) for _ in range(processes)]:
        process.wait()
    return time.perf_counter() - began


@pytest.fixture(scope="module")
def finished_results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder in which all 10,000 cells are done, with records as long as real ones."""
    load_plugins(PLUGINS)
    results = tmp_path_factory.mktemp("finished")
    store = Store(results / "toys")
    store.prepare()
    numbers = {f"f1_macro@label/bucket{key}": 0.123456789 * key for key in range(150)}
    both = {"validation": {"map": 0.5, **numbers}, "test": {"map": 0.5, **numbers}}
    history = {"epochs": [{"epoch": n, "loss": 0.1, "gradient_norm": 1.0} for n in range(20)]}
    filling = {"metrics": both, "probe_metrics": both, "floor_metrics": both, "history": history}
    planned: Plan = plan([ten_thousand()], options(results))
    moment = "2026-01-01T00:00:00.000+00:00"
    for cell in planned.cells:
        record = {**cell.task().record(status="done", error=None), "started": moment, "finished": moment}
        store.cell_file(str(cell.id)).write_text(encode({**record, **filling}))
    return results


def in_a_process(what: str, results: Path) -> str:
    """A command as a user would give it, imports included; returns what it prints."""
    program = (
        "import time; began = time.perf_counter()\n"
        "from pathlib import Path\n"
        "from mlbench.runner import plan, run_suites, status\n"
        "from tests.benchmarks.test_runner import options, ten_thousand\n"
        "from tests.runner.conftest import PLUGINS, load_plugins\n"
        "load_plugins(PLUGINS)\n"
        f"chosen = options(Path({str(results)!r}))\n"
        f"print({what}, round(time.perf_counter() - began, 3))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
    )
    return done.stdout


@pytest.mark.parametrize(
    ("name", "what", "target"),
    [
        ("plan of 10,000 new cells", "dict(plan([ten_thousand()], options(Path('/nowhere'))).states)", 2),
        ("plan of 10,000 finished cells", "dict(plan([ten_thousand()], chosen).states)", 2),
        ("run over 10,000 finished cells", "run([ten_thousand()], chosen).done", 3),
        ("status of 10,000 finished cells", "status(chosen.results).suites[0].done", 2),
    ],
)
def test_ten_thousand_cells(
    benchmark: BenchmarkFixture, finished_results: Path, name: str, what: str, target: int
) -> None:
    said = benchmark.pedantic(in_a_process, (what, finished_results), rounds=3, warmup_rounds=1)
    assert str(CELLS) in said
    seconds = benchmark.stats.stats.median if benchmark.stats else float(said.split()[-1])
    print(f"\n{name}: {seconds:.2f} s with Python's start (target: under {target} s)")
