"""What is looked at while a cell trains: the norm of all gradients, and clipping by it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from mlbench.suite import Protocol
from mlbench.training.schedule import Schedule
from mlbench.training.watch import Watch, _norm_at_once, _norm_one_by_one, gradient_norm

SHAPES = [(16, 3, 3, 3), (64,), (64, 32), (), (7, 1), (0, 5)]


class Calls(TorchDispatchMode):
    """Counts the operations, each of which is one kernel or more."""

    count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += 1
        return func(*args, **(kwargs or {}))


def parameters(copies: int = 1, sparse: bool = False, device: str = "cpu") -> list[nn.Parameter]:
    torch.manual_seed(0)
    made = [nn.Parameter(torch.zeros(shape, device=device)) for shape in SHAPES * copies]
    for number, parameter in enumerate(made):
        parameter.grad = torch.randn(parameter.shape, device=device) * 10.0**number
    made.append(nn.Parameter(torch.zeros(3, device=device)))  # which has no gradient
    if sparse:
        made.append(nn.Parameter(torch.zeros(6, 2)))
        rows, values = torch.tensor([[4, 1, 4]]), torch.randn(3, 2) * 1e3
        made[-1].grad = torch.sparse_coo_tensor(rows, values, (6, 2), check_invariants=True)
    return made


def watch(device: str = "cpu") -> Watch:
    return Watch(torch.device(device), Schedule.of(Protocol(), 100), None)


def squares(gradient: Tensor) -> Tensor:
    dense = gradient.coalesce().values() if gradient.is_sparse else gradient
    return dense.float().square().sum()


@pytest.mark.parametrize("sparse", [False, True])
def test_the_norm_is_that_of_all_gradients_in_one(sparse: bool) -> None:
    made = parameters(sparse=sparse)
    gradients = [each.grad for each in made if each.grad is not None]
    every = torch.cat([each.to_dense().double().flatten() for each in gradients])
    norm = gradient_norm(made)
    torch.testing.assert_close(norm.double(), every.norm(), rtol=1e-6, atol=0)
    # On a CPU to the last bit by these operations: what clips a training there stays what it was.
    assert torch.equal(norm, torch.stack([squares(each) for each in gradients]).sum().sqrt())


def test_without_gradients_the_norm_is_zero_and_nothing_is_clipped() -> None:
    made = [nn.Parameter(torch.zeros(3))]
    assert gradient_norm(made) == 0
    watch().saw_gradients(made, 1.0, clip_norm=0.5)
    assert made[0].grad is None


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("clip_norm", [1e-3, 1e12])
def test_gradients_are_brought_down_to_the_norm_and_never_up(sparse: bool, clip_norm: float) -> None:
    made, before = parameters(sparse=sparse), parameters(sparse=sparse)
    looked, norm = watch(), gradient_norm(made)
    looked.saw_gradients(made, 1.0, clip_norm)
    scale = (clip_norm / norm).clamp(max=1.0)
    for parameter, was in zip(made, before, strict=True):
        if parameter.grad is not None and was.grad is not None:
            assert torch.equal(parameter.grad.to_dense(), (was.grad * scale).to_dense())
    assert looked.clipped_share(1) == float(clip_norm < norm)


def test_on_a_device_clipping_takes_as_many_calls_for_many_parameters_as_for_few() -> None:
    counts = []
    for copies in (1, 20):
        made, looked = parameters(copies, device="meta"), watch("meta")
        with Calls() as calls:
            looked.saw_gradients(made, 2.0, clip_norm=1.0)
        counts.append(calls.count)
    assert counts[0] == counts[1] < 20


def test_the_norm_that_a_device_computes_is_the_same_number() -> None:
    gradients = [each.grad for each in parameters() if each.grad is not None]
    torch.testing.assert_close(_norm_at_once(gradients), _norm_one_by_one(gradients))
