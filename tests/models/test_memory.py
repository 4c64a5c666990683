"""The memory queue against a Python list."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mlbench import Memory, Outputs, build_loss
from mlbench.models.memory import MemoryQueue


@settings(max_examples=50, deadline=None)
@given(size=st.integers(1, 7), batches=st.lists(st.integers(1, 10), max_size=6))
def test_holds_the_last_rows_in_any_order(size: int, batches: list[int]) -> None:
    queue, pushed = MemoryQueue(size, 2, 3), []
    for batch in batches:
        rows = torch.arange(len(pushed), len(pushed) + batch).float()
        queue.push(rows[:, None].expand(batch, 2), rows[:, None].expand(batch, 3))
        pushed += rows.tolist()
    memory = queue.read()
    if not pushed:
        assert memory is None
        return
    assert memory is not None
    assert sorted(memory.embeddings[:, 1].tolist()) == pushed[-size:]
    assert torch.equal(memory.embeddings[:, 0], memory.targets[:, 2])


def test_what_was_read_stays_and_carries_no_gradient() -> None:
    queue = MemoryQueue(4, 2, 3)
    z = torch.nn.functional.normalize(torch.randn(3, 2), dim=-1).requires_grad_()
    targets = torch.tensor([[1, 0, 1], [1, 0, 0], [0, 1, 0]])
    queue.push(z, targets)
    memory = queue.read()
    assert isinstance(memory, Memory)
    kept = memory.embeddings.clone()
    loss = build_loss("supcon")(Outputs(embeddings=z, memory=memory), targets)
    queue.push(torch.zeros(4, 2), torch.zeros(4, 3))
    loss.backward()
    assert torch.equal(memory.embeddings, kept)
    assert not memory.embeddings.requires_grad
    assert z.grad is not None
    assert z.grad.abs().sum() > 0


def test_clear_forgets_everything() -> None:
    queue = MemoryQueue(4, 2, 3)
    queue.push(torch.ones(2, 2), torch.ones(2, 3))
    queue.clear()
    assert queue.read() is None


def test_a_queue_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="size of a memory queue"):
        MemoryQueue(0, 2, 3)
