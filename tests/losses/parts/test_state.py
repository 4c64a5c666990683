"""What a loss keeps beside its `state_dict` comes back as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from mlbench.losses.parts.state import kept_beside, put_back
from mlbench.registry import LOSSES, load_plugins
from mlbench.training.checkpoint import load_tree, save_tree

FILE = Path(__file__).parents[1] / "keeping_loss.py"


@pytest.fixture
def keeping() -> type[Any]:
    """The loss of the loose file."""
    load_plugins([FILE])
    return LOSSES.get("keeping_loss")


def test_all_that_can_be_written_comes_back(tmp_path: Path, keeping: type[Any]) -> None:
    loss, other = keeping(), keeping()
    logits = torch.randn(4, 3)
    for _ in range(3):
        loss(logits, torch.ones(4, 3))
    kept = kept_beside(loss)
    assert kept[""].keys() >= {"hidden", "calls", "last", "seen", "by_epoch", "generator", "epoch"}
    assert kept["inner"] == {"level": {"plain": 0.03}}
    assert not {"running", "scale", "training", "components", "checks", "_parameters"} & kept[""].keys()
    save_tree(kept, tmp_path / "kept")
    other.load_state_dict(loss.state_dict())
    put_back(other, load_tree(tmp_path / "kept"))
    assert isinstance(other.last, tuple)
    assert (other.seen, other.by_epoch, other.calls) == (loss.seen, loss.by_epoch, 3)
    assert "hidden" in other._buffers
    for _ in range(2):
        assert torch.equal(other(logits, torch.ones(4, 3)), loss(logits, torch.ones(4, 3)))


def test_what_cannot_be_written_stays_as_it_is() -> None:
    loss = nn.Module()
    loss.function, loss.of_graph, loss.mixed = len, torch.ones(1, requires_grad=True) * 2, [1, object()]
    loss.number = 1
    kept = kept_beside(loss)
    assert kept == {"": {"number": {"plain": 1}}}
    loss.number = 2
    put_back(loss, kept)
    assert loss.number == 1
    assert loss.function is len
