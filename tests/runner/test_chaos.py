"""Sixty cells of which seventeen go wrong, in a run that is killed twice: nothing is lost, nothing is left."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mlbench.records import Store, load_records
from tests.runner.driver import start
from tests.runner.test_interruption import count, end, left, processes, wait_until

WRONG: list[Any] = (
    [["raise", float(number)] for number in range(1, 6)]
    + [["hang", float(number)] for number in range(1, 4)]
    + [["kill", float(number)] for number in range(1, 4)]
    + [["hoard", float(number)] for number in range(1, 4)]
    + [["nan", float(number)] for number in range(1, 4)]
)
RIGHT: list[Any] = [["sleep", 0.1 + number / 1000] for number in range(43)]
CLASSES = {"error": 5, "timeout": 3, "crash": 3, "oom": 3, "nonfinite": 3}


def mixed() -> list[Any]:
    """Two or three that go right between any two that do not."""
    order: list[Any] = []
    for index, act in enumerate(RIGHT):
        order.append(act)
        if index % 5 in (1, 3):
            order += WRONG[len(order) - index - 1 : len(order) - index]
    return order


def table(results: Path) -> dict[str, tuple[Any, ...]]:
    frame = load_records(results)
    columns = ["loss", "status", "error_class", "metrics/test/map", "metrics/validation/map"]
    rows = frame.astype(object).where(frame.notna(), None)[columns].itertuples(index=False, name=None)
    return dict(zip(frame["id"], rows, strict=True))


@pytest.mark.slow
def test_chaos(tmp_path: Path, log: Path) -> None:
    acts = mixed()
    assert len(acts) == 60
    limits: dict[str, Any] = {"jobs": 2, "time_limit": 4.0, "memory_limit": 2**29}
    results = tmp_path / "results"
    for finished in (15, 35):
        driver = start(results, acts, **limits)
        wait_until(lambda finished=finished: len(Store(results / "toys").ids()) >= finished, 120)  # type: ignore[misc]
        driver.kill()
        driver.communicate()
        wait_until(lambda: not processes(log), 10)
    code, summary = end(start(results, acts, **limits), log)
    assert (code, summary["done"], summary["failed"], summary["missing"]) == (1, 43, 17, 0)

    frame = load_records(results)
    assert frame.attrs["problems"] == []
    assert Counter(frame["error_class"].dropna()) == CLASSES
    assert left(results) == []
    ends = Counter(line for line in log.read_text().splitlines() if line.startswith("end"))
    assert len(ends) == 43
    # A kill between the end of a training and its record costs the training: two kills of two slots, four at most.
    assert set(ends.values()) <= {1, 2}
    assert count(log, "end") <= 43 + 4

    quiet = tmp_path / "quiet"
    assert end(start(quiet, acts, **limits), log)[0] == 1
    assert table(results) == table(quiet)
