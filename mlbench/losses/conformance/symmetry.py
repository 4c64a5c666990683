"""Properties under a change of the input that a loss must not see, and identities between losses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mlbench.losses.base import LabelStats
from mlbench.losses.conformance.samples import LossSample
from mlbench.losses.conformance.subject import LossUnderTest, in_training, same, value_of
from mlbench.losses.parts.outputs import GaussianKernels, Memory
from mlbench.properties import PropertyFailure
from mlbench.registry import LOSSES

LABEL_AXIS = {"logits": 1, "prototypes": 0, "label_embeddings": 1}


def order_of_samples_does_not_matter(subject: LossUnderTest) -> None:
    """Permuting the samples of the batch leaves the value as it is."""
    loss, sample = subject.ready(7, 5)
    order = torch.tensor([3, 0, 6, 1, 5, 2, 4])
    fields = {name: _rows(name, value, order) for name, value in vars(sample.outputs).items()}
    outputs = replace(sample.outputs, **fields)
    shuffled = replace(sample, outputs=outputs, targets=sample.targets[order])
    _compare(value_of(loss, shuffled), value_of(loss, sample), "with the samples permuted")


def order_of_labels_does_not_matter(subject: LossUnderTest) -> None:
    """Permuting the labels, and all that is per label with them, leaves the value as it is."""
    memory = 3 if "memory" in subject.cls.accepts else 0
    loss, sample = subject.ready(7, 5, memory=memory)
    order = torch.tensor([2, 4, 0, 3, 1])
    fields = {name: _labels(name, value, order) for name, value in vars(sample.outputs).items()}
    permuted = LossSample(
        replace(sample.outputs, **fields),
        sample.targets[:, order],
        LabelStats(sample.stats.counts[order], sample.stats.num_samples),
    )
    other = in_training(subject.build(), permuted)
    _compare(value_of(other, permuted), value_of(loss, sample), "with the labels permuted")


def _rows(name: str, value: Any, order: Tensor) -> Any:
    if value is None or name in ("prototypes", "memory"):
        return value
    if isinstance(value, GaussianKernels):
        seen = None if value.features is None else value.features[order]
        return GaussianKernels(value.mean[order], value.variance[order], seen)
    return value[order]


def _labels(name: str, value: Any, order: Tensor) -> Any:
    if isinstance(value, GaussianKernels):
        return GaussianKernels(value.mean[..., order], value.variance[..., order], value.features)
    if isinstance(value, Memory):
        return Memory(value.embeddings, value.targets[:, order])
    if value is None or name not in LABEL_AXIS:
        return value
    return value.index_select(LABEL_AXIS[name], order)


def per_sample_as_declared(subject: LossUnderTest) -> None:
    """With `per_sample`, the loss of a batch under "batchmean" is the mean of the losses of its rows."""
    reduced = {"reduction": "batchmean"} if _takes_reduction(subject) else {}
    loss, sample = subject.ready(6, 5, reduced)
    rows = []
    for i in range(6):
        at = torch.tensor([i])
        fields = {name: _rows(name, value, at) for name, value in vars(sample.outputs).items()}
        rows.append(loss(replace(sample.outputs, **fields), sample.targets[at]))
    _compare(torch.stack(rows).mean(), value_of(loss, sample), "as the mean over its rows")


def reductions_agree(subject: LossUnderTest) -> None:
    """ "batchmean" is "sum" over B, "mean" is "sum" over B·L."""
    values = {}
    for reduction in ("sum", "batchmean", "mean"):
        loss, sample = subject.ready(6, 5, {"reduction": reduction})
        values[reduction] = value_of(loss, sample)
    _compare(values["sum"], 6 * values["batchmean"], "as sum, against B times batchmean")
    _compare(values["sum"], 30 * values["mean"], "as sum, against B·L times mean")


def _takes_reduction(subject: LossUnderTest) -> bool:
    return any(parameter.name == "reduction" for parameter in subject.declaration.parameters)


def identities_hold(subject: LossUnderTest) -> None:
    """Each identity that the loss declares holds in value and gradient."""
    for own, other, others in subject.cls.identities:
        left, sample = subject.ready(6, 5, {**subject.cls.exact_gradient, **own})
        twin = LossUnderTest(LOSSES.describe(other))
        right = in_training(twin.build(**{**twin.cls.exact_gradient, **others}), sample)
        value, expected = value_of(left, sample), value_of(right, sample)
        what = f"with {dict(own)}, against {other} with {dict(others)}"
        _compare(value, expected, what)
        leaves = list(sample.leaves.values())
        pairs = zip(torch.autograd.grad(value, leaves), torch.autograd.grad(expected, leaves), strict=True)
        if not all(torch.allclose(one, two, rtol=1e-8, atol=1e-10) for one, two in pairs):
            raise PropertyFailure(f"{what}: the values agree, the gradients do not")


def _compare(value: Tensor, expected: Tensor, what: str) -> None:
    if not (value.isfinite() and expected.isfinite()):
        raise PropertyFailure(
            f"{what} the value is {value.item():g}, else {expected.item():g}: it must be finite"
        )
    if not same(value, expected, 1e-9):
        raise PropertyFailure(f"{what} the value is {value.item():.12g}, not {expected.item():.12g}")
