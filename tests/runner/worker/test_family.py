"""Processes that a cell starts: none answers for it or for another cell, and none outlives the process it is of."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path

import psutil
import pytest

from mlbench.records import Store
from mlbench.runner import run_suites
from tests.runner.conftest import MakeOptions, MakeSuite
from tests.runner.driver import start
from tests.runner.test_interruption import wait_until

CELLS = "tests.runner.children:run_cell"


def children(log: Path) -> list[int]:
    return [int(line.split()[1]) for line in log.read_text().splitlines() if line.startswith("child")]


def gone(log: Path) -> bool:
    return not any(_runs(number) for number in children(log))


def _runs(number: int) -> bool:
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def records(results: Path) -> dict[str, str]:
    found = {}
    for record in Store(results / "toys").records():
        assert isinstance(record, dict)
        value = (record.get("metrics") or {}).get("test", {}).get("map")
        found[record["cell"]["loss"]["parameters"]["act"]] = (
            record["error"]["class"] if record["status"] == "failed" else value
        )
    return found


def test_a_forked_child_answers_for_no_cell(suite: MakeSuite, options: MakeOptions, log: Path) -> None:
    acts = ("fork and go on", "fork and fail", "read input", "write nonsense", "done")
    settings = options(cell_function=CELLS)
    summary = run_suites([suite(*acts)], settings)
    assert (summary.done, summary.failed, summary.missing) == (5, 0, 0)
    assert records(settings.results) == {act: len(act) / 100 for act in acts}
    assert Counter(line.split()[0] for line in log.read_text().splitlines())["child"] == 2
    wait_until(lambda: gone(log), 10)


def test_what_a_cell_starts_ends_with_its_process(suite: MakeSuite, options: MakeOptions, log: Path) -> None:
    settings = options(cell_function=CELLS)
    summary = run_suites([suite("start", "start apart", "start and die")], settings)
    assert (summary.done, summary.failed) == (2, 1)
    assert records(settings.results)["start and die"] == "crash"
    assert len(children(log)) == 4
    wait_until(lambda: gone(log), 10)


def test_what_a_cell_starts_ends_where_everything_above_is_killed(tmp_path: Path, log: Path) -> None:
    driver = start(tmp_path / "results", ["start and hang"], cell_function=CELLS, jobs=1, engine="sequential")
    wait_until(lambda: bool(children(log)), 120)
    os.kill(driver.pid, signal.SIGKILL)
    driver.communicate()
    wait_until(lambda: gone(log), 10)


def test_the_memory_limit_counts_what_a_cell_starts(
    suite: MakeSuite, options: MakeOptions, log: Path
) -> None:
    settings = options(cell_function=CELLS, memory_limit=2**29)
    run_suites([suite("hoard beside")], settings)
    assert records(settings.results) == {"hoard beside": "oom"}
    assert log.exists()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="the kernel tells of a parent's death on Linux alone")
def test_the_watcher_itself_ends(suite: MakeSuite, options: MakeOptions, log: Path) -> None:
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    run_suites([suite("done")], options(cell_function=CELLS))
    wait_until(lambda: {each.pid for each in psutil.Process().children(recursive=True)} <= before, 10)
    assert log.exists()
