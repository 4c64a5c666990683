"""What a cell is made of: a cross-batch memory that holds the training rows once at most, and compiled code that later
cells use again."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch._dynamo.utils as dynamo

from mlbench.losses.base import LabelStats
from mlbench.registry import LOSSES
from mlbench.training.setup import build_queue
from tests.training.cells import make_cell, run


@pytest.mark.parametrize(
    ("queue", "rows", "batch", "views", "size"),
    [
        (0, 400, 32, 1, None),
        (64, 400, 32, 1, 64),
        (2048, 400, 32, 1, 368),
        (2048, 400, 32, 2, 736),
        (2048, 33, 32, 1, 1),
        (2048, 32, 32, 1, None),
        (2048, 7, 32, 2, None),
    ],
)
def test_the_memory_and_the_batch_hold_the_training_rows_once(
    queue: int, rows: int, batch: int, views: int, size: int | None
) -> None:
    train = {"queue": queue, "batch_size": batch, "views": views, "augmentation": "crop"}
    cell = make_cell("supcon", "digit-scenes", **train)
    stats = LabelStats(torch.ones(8), rows)
    built = build_queue(cell, LOSSES.build("supcon"), stats, torch.device("cpu"))
    assert (built and built.size) == size
    assert build_queue(cell, LOSSES.build("bce"), stats, torch.device("cpu")) is None


def test_a_queue_longer_than_the_training_rows_is_harmless() -> None:
    """In scores and in memory: as it is asked for, this one would take a thousand gigabytes."""
    alone = run("supcon", batch_size=400, queue=0)
    rows = alone.parts["dataset"]["sizes"]["rows"]
    together = run("supcon", batch_size=400, queue=2048)
    assert np.array_equal(alone.scores["test_logits"], together.scores["test_logits"])
    longest, whole = (run("supcon", queue=queue) for queue in (10**9, rows - 32))
    assert np.array_equal(longest.scores["test_logits"], whole.scores["test_logits"])
    assert not np.array_equal(longest.scores["test_logits"], run("supcon", queue=0).scores["test_logits"])


def compilations() -> int:
    return int(dynamo.counters["stats"]["unique_graphs"])


@pytest.mark.slow
def test_one_compilation_for_all_cells_of_an_architecture() -> None:
    # With biases at 0, since from the log-odds this training makes 0.01 of a perturbation of 1e-7.
    plain = [run("bce", "digit-scenes", head_bias="zero"), run("supcon", "digit-scenes", seed=1)]
    before = compilations()
    first = run("bce", "digit-scenes", head_bias="zero", compile=True)
    after_first = compilations()
    assert after_first > before
    second = run("supcon", "digit-scenes", seed=1, compile=True, ema=0.5)
    assert compilations() == after_first
    for one, other in zip(plain, (first, second), strict=True):
        assert one.scores["test_logits"].shape == other.scores["test_logits"].shape
    np.testing.assert_allclose(first.scores["test_logits"], plain[0].scores["test_logits"], atol=1e-3)
    again = run("bce", "digit-scenes", head_bias="zero", compile=True)
    np.testing.assert_array_equal(first.scores["test_logits"], again.scores["test_logits"])
    run("bce", "digit-scenes", head_bias="zero", compile=True, encoder={"name": "conv", "width": 8})
    assert compilations() > after_first


def test_sparse_tables_are_left_uncompiled() -> None:
    before = compilations()
    plain, compiled = run("bce", "synthetic-topics"), run("bce", "synthetic-topics", compile=True)
    assert compilations() == before
    np.testing.assert_array_equal(plain.scores["test_logits"], compiled.scores["test_logits"])
