"""Properties of a loss whose buffers move from batch to batch."""

from __future__ import annotations

import torch
from torch import Tensor

from mlbench.losses.base import Loss
from mlbench.losses.conformance.subject import LossUnderTest, value_of
from mlbench.losses.parts.diagnostics import diagnose
from mlbench.properties import PropertyFailure


def state_moves_in_training_alone(subject: LossUnderTest) -> None:
    """A call in training mode moves a buffer; one in evaluation mode and a diagnosis leave all as they are; what
    `state_dict` holds is all there is to go on from; the code that moves it compiles as well."""
    if subject.cls.per_sample:
        raise PropertyFailure("it has state and declares per_sample: the parts of a batch would each move it")
    loss, sample = subject.ready(6, 5)
    rested = buffers(loss)
    value = value_of(loss, sample)
    if not same_buffers(rested, buffers(loss)):
        raise PropertyFailure("a call in evaluation mode moves its buffers")
    other = subject.build()
    other.prepare(sample.stats)
    other.on_epoch_start(1, 10)
    other.load_state_dict(loss.state_dict())
    if not torch.equal(value_of(other.eval(), sample), value):
        raise PropertyFailure(
            "with the state_dict of another it gives another value: a state is in no buffer"
        )
    loss.train()
    diagnose(loss, sample.outputs, sample.targets)
    if not same_buffers(rested, buffers(loss)):
        raise PropertyFailure("a diagnosis moves its buffers: they are not among its buffers and attributes")
    value_of(loss, sample)
    if same_buffers(rested, buffers(loss)):
        raise PropertyFailure("it declares state, but a call in training mode moves no buffer")
    if not subject.cls.gathers:
        torch.compiler.reset()
        torch.compile(loss, fullgraph=True, backend="eager")(sample.outputs, sample.targets)
        torch.compiler.reset()


def buffers(loss: Loss) -> list[Tensor]:
    """Copies of all its buffers."""
    return [buffer.detach().clone() for buffer in loss.buffers()]


def same_buffers(one: list[Tensor], other: list[Tensor]) -> bool:
    """Whether two states are equal to the last bit."""
    return len(one) == len(other) and all(map(torch.equal, one, other))
