from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mlbench.models.inputs import Dense, Inputs, Tokens
from mlbench.models.vectors import Vectors
from mlbench.registry import ENCODERS
from mlbench.suite import Protocol
from mlbench.training.batches import Batches
from mlbench.training.schedule import Schedule
from mlbench.training.streams import Streams
from tests.training.cells import load

ROWS = 100


def tokens(lengths: np.ndarray[Any, Any]) -> Tokens:
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return Tokens(starts, np.arange(starts[-1], dtype=np.int32), 0)


def make(inputs: Inputs, micro_batch: int | None = None, seed: int = 0, **train: Any) -> Batches:
    protocol = Protocol.model_validate({"batch_size": 16, "epochs": 3, "min_steps": 0, **train})
    return Batches(
        inputs,
        torch.arange(len(inputs)).unsqueeze(1),
        protocol,
        Schedule.of(protocol, len(inputs)),
        Streams(seed),
        torch.device("cpu"),
        micro_batch,
    )


def numbers() -> Dense:
    return Dense(torch.arange(float(ROWS)).unsqueeze(1))


def all_of(batches: Batches, start: int = 0) -> list[Any]:
    return list(batches.start(start, Vectors(np.zeros(1, np.float32), np.ones(1, np.float32))))


def test_every_epoch_is_every_row_once_and_sizes_differ_by_one() -> None:
    batches = make(numbers())
    steps = all_of(batches)
    assert len(steps) == 3 * 7
    orders = []
    for epoch in range(3):
        seen = [parts[0][1].flatten() for parts in steps[7 * epoch : 7 * epoch + 7]]
        assert {len(rows) for rows in seen} == {14, 15}
        orders.append(torch.cat(seen))
        assert torch.equal(orders[-1].sort().values, torch.arange(ROWS))
    assert not torch.equal(orders[0], orders[1])


def test_inputs_and_targets_belong_together_and_to_rows() -> None:
    batches = make(numbers())
    for step, parts in enumerate(all_of(batches)):
        ((values,), wanted) = parts[0]
        assert torch.equal(values.flatten().long(), wanted.flatten())
        assert torch.equal(batches.rows(step), wanted.flatten())


@pytest.mark.parametrize("start", [1, 7, 12, 20])
def test_a_start_in_the_middle_gives_the_same_batches(start: int) -> None:
    whole, late = all_of(make(numbers())), all_of(make(numbers()), start)
    assert len(late) == len(whole) - start
    for one, other in zip(whole[start:], late, strict=True):
        assert torch.equal(one[0][1], other[0][1])


def test_the_order_follows_the_seed_alone() -> None:
    first, second = make(numbers()), make(numbers())
    second.rows(15)  # asked out of order
    assert torch.equal(first.rows(0), second.rows(0))
    assert not torch.equal(first.rows(0), make(numbers(), seed=1).rows(0))


@pytest.mark.parametrize("train", [{}, {"augmentation": "crop", "views": 2}])
def test_batches_gathered_ahead_are_the_same(train: dict[str, Any]) -> None:
    images = Dense(torch.arange(ROWS * 48, dtype=torch.int64).view(ROWS, 4, 4, 3).to(torch.uint8))
    backbone = ENCODERS.build("conv").fit(load("digit-scenes"), np.arange(3), Path()).build()
    plain = list(make(images, **train).start(3, backbone))
    ahead = list(make(images, **train).start(3, backbone, ahead=True))
    assert len(plain) == len(ahead) == 18
    for one, other in zip(plain, ahead, strict=True):
        assert torch.equal(one[0][0][0], other[0][0][0])
        assert torch.equal(one[0][1], other[0][1])


def test_parts_of_a_batch_are_the_batch() -> None:
    for whole, split in zip(all_of(make(numbers())), all_of(make(numbers(), micro_batch=4)), strict=True):
        assert max(len(wanted) for _, wanted in split) == 4
        assert torch.equal(torch.cat([wanted for _, wanted in split]), whole[0][1])


def test_views_lie_one_after_the_other() -> None:
    batches = make(tokens(np.full(ROWS, 3)), views=2)
    for step, parts in enumerate(all_of(batches)):
        rows = batches.rows(step)
        assert torch.equal(parts[0][1].flatten(), rows.repeat(2))
        assert len(parts[0][0][0]) == 2 * len(rows)


class TestByLength:
    lengths = np.random.default_rng(0).integers(1, 60, size=1000)

    def padded(self, batches: Batches) -> int:
        return sum(int(parts[0][0][0].numel()) for parts in all_of(batches))

    def test_less_padding_and_still_every_row_once(self) -> None:
        grouped = make(tokens(self.lengths), group_by_length=True)
        plain = make(tokens(self.lengths))
        assert self.padded(grouped) < 0.7 * self.padded(plain)
        steps = grouped.schedule.steps_per_epoch
        rows = torch.cat([grouped.rows(step) for step in range(steps)])
        assert torch.equal(rows.sort().values, torch.arange(1000))

    def test_long_batches_come_at_any_time(self) -> None:
        batches = make(tokens(self.lengths), group_by_length=True, epochs=1)
        longest = [
            int(batches.inputs.lengths[batches.rows(step)].max()) for step in range(batches.schedule.steps)
        ]  # type: ignore[index]
        assert longest != sorted(longest)

    def test_inputs_without_lengths_are_shuffled_as_ever(self) -> None:
        assert torch.equal(make(numbers(), group_by_length=True).rows(3), make(numbers()).rows(3))
