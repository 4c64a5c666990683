"""The momentum encoder: an average of the model's weights, that fills the queue and nothing else."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from mlbench.errors import ConfigError
from mlbench.models.momentum import MomentumModel
from mlbench.suite import Protocol
from tests.training.cells import make_cell, run


class Tiny(nn.Module):
    """A model with a parameter and a buffer."""

    counted: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)
        self.register_buffer("counted", torch.zeros(1))


def test_it_follows_as_the_formula_says_and_takes_buffers_as_they_are() -> None:
    model = Tiny().double()
    slow = MomentumModel(model, 0.75)  # type: ignore[arg-type]
    expected = copy.deepcopy(model.layer.weight.detach())
    for step in range(5):
        with torch.no_grad():
            model.layer.weight.add_(torch.randn_like(model.layer.weight))
            model.counted += 1
        slow.follow(model)  # type: ignore[arg-type]
        expected = 0.75 * expected + 0.25 * model.layer.weight.detach()
        torch.testing.assert_close(slow.model.layer.weight, expected, atol=1e-12, rtol=0)  # type: ignore[union-attr]
        assert slow.model.counted.item() == step + 1  # type: ignore[operator, union-attr]
    assert not any(parameter.requires_grad for parameter in slow.parameters())


def test_a_slow_copy_that_does_not_lag_is_the_model_s_own_embeddings_of_before_the_update() -> None:
    """With a decay of almost 0 it is the model, so that only when it looks differs: the numbers stay near."""
    own, slow, none = (
        run("mulsupcon", **train) for train in ({"queue": 64}, {"queue": 64, "momentum": 1e-12}, {})
    )
    maps = [each.parts["metrics"]["validation"]["map"] for each in (own, slow, none)]
    assert maps[0] == maps[1], "embeddings of the same weights"
    lagging = run("mulsupcon", queue=64, momentum=0.999)
    assert lagging.parts["metrics"] != own.parts["metrics"]


def test_the_id_of_a_loss_without_memory_does_not_know_it_and_none_is_no_part_of_an_id() -> None:
    plain, with_momentum = make_cell("bce"), make_cell("bce", queue=64, momentum=0.9)
    assert plain.id("data") == with_momentum.id("data")
    assert make_cell("supcon", queue=64).id("data") != make_cell("supcon", queue=64, momentum=0.9).id("data")
    assert "momentum" not in Protocol().identity()


def test_without_a_queue_it_has_nothing_to_fill() -> None:
    with pytest.raises(ConfigError, match=r"train.momentum: its slow copy .* set train.queue"):
        make_cell("supcon", momentum=0.9)
