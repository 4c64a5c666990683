"""Sixty cells, and signals at random moments to random processes of the run: no record is lost, and no cell is trained
twice but for a kill between the training's end and the record.

How many is $MLBENCH_KILLS, 4 where that is not set; $MLBENCH_SIGNALS="SIGKILL" has them all be of a kind.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest

from mlbench.records import Store, load_records
from tests.runner.driver import start
from tests.runner.test_interruption import left, processes, wait_until

KILLS = int(os.environ.get("MLBENCH_KILLS", "4"))
CELLS = 60
SIGNALS = [
    signal.Signals[name]
    for name in os.environ.get("MLBENCH_SIGNALS", "SIGKILL SIGKILL SIGTERM SIGINT SIGHUP").split()
]


def tree(driver: subprocess.Popen[str]) -> list[psutil.Process]:
    """The driver and all that it has started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return [psutil.Process(driver.pid), *psutil.Process(driver.pid).children(recursive=True)]
    return []


@pytest.mark.slow
def test_random_signals_lose_nothing(tmp_path: Path, log: Path) -> None:
    """Cells take about as long as it is from one signal to the next. A worker that is killed in one cell twice makes
    that a failed one, as it should; the last run tries those again."""
    results, chance = tmp_path / "results", random.Random(1)
    acts: list[Any] = [["sleep", 0.4 + number / 1000] for number in range(CELLS)]
    store, seen = Store(results / "toys"), dict[str, bytes]()
    kills, victims, runs, lost, changed = Counter[str](), Counter[str](), 0, 0, 0
    while kills.total() < KILLS and runs < 2 * KILLS and len(store.ids()) < CELLS:
        runs += 1
        driver = start(results, acts, jobs=2)
        while kills.total() < KILLS:
            known, end = len(store.ids()), time.monotonic() + 60
            while len(store.ids()) <= known and driver.poll() is None and time.monotonic() < end:
                time.sleep(0.02)
            time.sleep(chance.random() / 2)
            family = tree(driver)
            if driver.poll() is not None or not family:
                break
            victim, number = chance.choice(family), chance.choice(SIGNALS)
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.send_signal(number)
                kills[number.name] += 1
                victims["driver" if victim.pid == driver.pid else "others"] += 1
            if victim.pid == driver.pid:
                break
        if kills.total() == KILLS:
            driver.kill()
        driver.communicate()
        wait_until(lambda: not processes(log), 60)
        there = {file.name: file.read_bytes() for file in store.cells_folder.glob("*.json")}
        changed += sum(there.get(name, content) != content for name, content in seen.items())
        lost += len(seen.keys() - there.keys())
        seen |= there
    last = start(results, acts, jobs=2, retry=["failed"])
    last.communicate()
    assert last.returncode == 0
    ends = Counter(line for line in log.read_text().splitlines() if line.startswith("end"))
    twice = sum(count - 1 for count in ends.values())
    print(
        f"\n{CELLS} cells, {kills.total()} signals {dict(kills)} to {dict(victims)} in {runs} runs: "
        f"{lost} lost, {changed} changed, {twice} trained twice"
    )
    frame = load_records(results)
    assert (len(frame), set(frame["status"]), frame.attrs["problems"]) == (CELLS, {"done"}, [])
    assert (lost, changed, left(results)) == (0, 0, [])
    assert len(ends) == CELLS
    # Between its last line and its record a cell takes some milliseconds.
    assert twice <= max(1, kills.total() // 5)
