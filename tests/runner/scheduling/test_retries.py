"""Memory that runs out: which micro-batches are tried after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlbench.records import Store
from mlbench.runner.scheduling.job import CellTask
from mlbench.runner.scheduling.retries import another_try
from mlbench.runner.worker.attempt import Failed
from tests.runner.conftest import make_suite

SAYS_LITTLE = "OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB"
SAYS_ALL = (
    "OutOfMemoryError: CUDA out of memory. Tried to allocate {} MiB. GPU 0 has a total capacity of 79.11 GiB of which "
    "1.29 GiB is free. Of the allocated memory {} GiB is allocated by PyTorch, and 61.90 MiB is reserved"
)


def task(folder: Path, per_sample: bool = True, **train: Any) -> CellTask:
    [cell] = make_suite("done", **train).cells()
    return CellTask(cell, "a" * 20, Store(folder), "data", "float32", None, per_sample, "source")


def tried(item: CellTask, *messages: str, rows: int | None = None) -> list[int]:
    """The micro-batches of the tries that follow errors of these messages, the last of them repeated."""
    retries: list[dict[str, object]] = []
    sizes: list[int] = []
    while True:
        message = messages[min(len(retries), len(messages) - 1)]
        failed = Failed("oom", message, "", "raised", {}, rows)
        again = another_try(item, failed, sizes[-1] if sizes else None, retries)
        if again is None:
            return sizes
        retries.append(again)
        sizes.append(again["micro_batch"])


@pytest.mark.parametrize(
    ("train", "rows", "sizes"),
    [
        ({"batch_size": 16}, None, [8, 4, 2, 1]),
        ({"batch_size": 128, "micro_batch": 8}, None, [4, 2, 1]),
        ({"batch_size": 4, "micro_batch": 32}, 1000, [2, 1]),
        ({"batch_size": 128}, 10, [5, 2, 1]),
        ({"batch_size": 128}, 1, []),
    ],
)
def test_they_start_from_what_the_device_was_given(
    tmp_path: Path, train: dict[str, Any], rows: int | None, sizes: list[int]
) -> None:
    assert tried(task(tmp_path, **train), SAYS_LITTLE, rows=rows) == sizes


def test_a_loss_that_compares_rows_has_none(tmp_path: Path) -> None:
    assert tried(task(tmp_path, per_sample=False), SAYS_LITTLE) == []


def test_they_end_where_the_micro_batch_makes_no_difference(tmp_path: Path) -> None:
    """As much asked for, as much held: what failed is no update."""
    item = task(tmp_path, batch_size=128)
    assert tried(item, SAYS_ALL.format("512.00", "78.10")) == [64]
    fewer = [SAYS_ALL.format("512.00", held) for held in ("78.10", "74.20", "72.15", "72.15")]
    assert tried(item, *fewer) == [64, 32, 16]
