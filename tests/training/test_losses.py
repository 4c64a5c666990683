"""What a cell's loss is given beside the batch: the cross-batch memory holds the training rows once at most."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mlbench.losses.base import LabelStats
from mlbench.registry import LOSSES
from mlbench.training.losses import build_queue
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
