"""Properties of the gradient: it is the value's derivative, and following it does what the loss is for."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.autograd.gradcheck import GradcheckError, gradcheck
from torch.nn.functional import normalize

from mlbench.losses.base import GaussianKernels, Loss
from mlbench.losses.conformance.samples import LossSample
from mlbench.losses.conformance.subject import LossUnderTest, value_of
from mlbench.properties import PropertyFailure

MEASURED = ("logits", "embeddings", "label_embeddings", "features")
UNIT = ("embeddings", "prototypes", "label_embeddings")


def gradient_is_the_derivative(subject: LossUnderTest) -> None:
    """In float64, `torch.autograd.gradcheck` holds, with the parameters of `exact_gradient`."""
    for seed, memory in ((0, 0), (1, 3), (2, 0)):
        loss, sample = subject.ready(5, 4, subject.cls.exact_gradient, seed=seed, memory=memory)
        value = partial(value_at, loss, sample, list(sample.leaves))
        try:
            gradcheck(value, tuple(sample.leaves.values()), eps=1e-6, atol=1e-5, rtol=1e-4)
        except GradcheckError as error:
            raise PropertyFailure(str(error).strip().splitlines()[0]) from error


def value_at(loss: Loss, sample: LossSample, names: list[str], *leaves: Tensor) -> Tensor:
    """The loss of the sample with the leaves of these names replaced."""
    return value_of(loss, with_leaves(sample, dict(zip(names, leaves, strict=True))))


def with_leaves(sample: LossSample, leaves: dict[str, Tensor]) -> LossSample:
    """`sample` with other tensors in its fields."""
    fields: dict[str, Any] = dict(vars(sample.outputs))
    fields |= {name: value for name, value in leaves.items() if "." not in name}
    if fields["kernels"] is not None:
        parts = {name.split(".")[1]: value for name, value in leaves.items() if "." in name}
        fields["kernels"] = GaussianKernels(**parts)
    return replace(sample, outputs=replace(sample.outputs, **fields))


def descent_does_its_job(subject: LossUnderTest) -> None:
    """A few steps order positives above negatives in a row, or bring samples that share labels closer."""
    generator = torch.Generator().manual_seed(3)
    targets = (torch.rand(12, 6, generator=generator) < 0.3).double()
    targets[torch.arange(12), torch.arange(12) % 6] = 1
    loss, sample = subject.ready(12, 6, logit_scale=0.1, targets=targets)
    leaves = sample.leaves
    measure = next((name for name in MEASURED if name in leaves), None)
    if measure is None:
        raise PropertyFailure(f"nothing to measure in {', '.join(leaves)}")
    optimiser = torch.optim.Adam(list(leaves.values()), lr=0.05)
    before = quality(measure, leaves[measure].detach(), targets)
    for _ in range(100):
        optimiser.zero_grad()
        value_of(loss, with_leaves(sample, on_the_sphere(leaves))).backward()
        optimiser.step()
        if "kernels.variance" in leaves:
            leaves["kernels.variance"].data.clamp_(min=1.0)
    after = quality(measure, leaves[measure].detach(), targets)
    if not after > before + 0.1:
        raise PropertyFailure(
            f"100 steps take `quality` of the {measure} from {before:.2f} to {after:.2f} only"
        )


def on_the_sphere(leaves: dict[str, Tensor]) -> dict[str, Tensor]:
    """The leaves with those of unit length normalised."""
    return {name: normalize(leaf, dim=-1) if name in UNIT else leaf for name, leaf in leaves.items()}


def quality(measure: str, values: Tensor, targets: Tensor) -> float:
    """Logits: the share of (positive, negative) pairs of a row in the right order. Embeddings: by how much
    samples that share a label are closer (cosine) than those that share none."""
    if measure == "logits":
        pairs = targets[:, :, None] * (1 - targets)[:, None, :]
        right = (values[:, :, None] > values[:, None, :]).double()
        return float((right * pairs).sum() / pairs.sum())
    if measure == "label_embeddings":
        rows, labels = targets.nonzero(as_tuple=True)
        unit, alike = normalize(values[rows, labels], dim=-1), labels[:, None] == labels[None, :]
    else:
        unit, alike = normalize(values, dim=-1), targets @ targets.T > 0
    similarity, others = unit @ unit.T, ~torch.eye(len(unit), dtype=torch.bool)
    return float(similarity[alike & others].mean() - similarity[~alike & others].mean())
