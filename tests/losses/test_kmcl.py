"""`kmcl` against loops written from its formula, both cases and the released code's options."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from mlbench import GaussianKernels, Outputs, build_loss
from mlbench.losses.conformance.samples import draw
from mlbench.losses.parts.bhattacharyya import CHUNK
from tests.losses.harness import assert_agrees, label_sets, ready
from tests.losses.test_asl import reference as asl_reference

REFERENCE_OPTIONS = {"jaccard": "inside", "bc_scale": "reference"}


def reconstruction(out: Outputs, targets: Tensor) -> Tensor:
    """REC with the Gaussians as they stand, not their logarithms."""
    kernels = out.kernels
    f = out.features if kernels.features is None else kernels.features
    total = out.logits.new_zeros(())
    for n, row in enumerate(targets):
        present, everything = out.logits.new_zeros(()), out.logits.new_zeros(())
        for k, y in enumerate(row):
            mean, variance = kernels.mean[n, ..., k], kernels.variance[n, ..., k]
            g = torch.exp(-0.5 * ((f[n] - mean) ** 2 / variance).sum())
            share = torch.sigmoid(out.logits[n, k]) * g
            present, everything = present + y * share, everything + share
        total = total - torch.log(torch.clamp(present / everything, min=1e-7))
    return total / len(targets)


def coefficient(out: Outputs, k: int, n: int, m: int, bc_scale: str) -> Tensor:
    """BC_k(n, m)."""
    mean, v = out.kernels.mean, out.kernels.variance
    if mean.ndim == 2:
        width = out.features.shape[1]
        log = torch.log((v[n, k] + v[m, k]) / (2 * torch.sqrt(v[n, k] * v[m, k])))
        delta = width / 2 * log + width / 4 * (mean[n, k] - mean[m, k]) ** 2 / (v[n, k] + v[m, k])
    else:
        delta = out.logits.new_zeros(())
        for d in range(mean.shape[1]):
            a, b = v[n, d, k], v[m, d, k]
            delta = delta + 0.5 * torch.log((a + b) / (2 * torch.sqrt(a * b)))
            delta = delta + 0.25 * (mean[n, d, k] - mean[m, d, k]) ** 2 / (a + b)
        if bc_scale == "reference":
            delta = delta * mean.shape[1]
    return torch.exp(-delta)


def contrast(out: Outputs, targets: Tensor, temperature: float, jaccard: str, bc_scale: str) -> Tensor:
    y, total = label_sets(targets), out.logits.new_zeros(())
    for n in range(len(y)):
        neighbours = [m for m in range(len(y)) if m != n and y[n] & y[m]]
        for m in neighbours:
            overlap = len(y[n] & y[m]) / len(y[n] | y[m])
            for k in y[n] & y[m]:
                scores = {
                    j: torch.exp(coefficient(out, k, n, j, bc_scale) / temperature)
                    for j in range(len(y))
                    if j != n
                }
                r = scores[m] / sum(scores.values())
                term = overlap * torch.log(r) if jaccard == "outside" else torch.log(overlap * r + 1e-7)
                total = total - term / len(neighbours)
    return total / len(y)


@pytest.mark.parametrize("case", ["isotropic", "anisotropic"])
@pytest.mark.parametrize("jaccard", ["outside", "inside"])
@pytest.mark.parametrize("bc_scale", ["exact", "reference"])
@pytest.mark.parametrize("seed", [0, 1])
def test_agrees_with_the_formula(case: str, jaccard: str, bc_scale: str, seed: int) -> None:
    def reference(out: Outputs, targets: Tensor) -> Tensor:
        return (
            0.5 * asl_reference(out, targets, 4.0, 0.0, 0.05, None, False) * targets.numel()
            + 2.0 * reconstruction(out, targets)
            + 3.0 * contrast(out, targets, 0.3, jaccard, bc_scale)
        )

    given: dict[str, Any] = {"case": case, "jaccard": jaccard, "bc_scale": bc_scale, "temperature": 0.3}
    assert_agrees("kmcl", reference, seed=seed, asl_weight=0.5, rec_weight=2.0, con_weight=3.0, **given)


def test_components_are_the_weighted_terms_of_the_value() -> None:
    loss, sample = ready("kmcl", lambda made: draw(made, 6, 5), asl_weight=0.5, con_weight=2.0)
    value = loss(sample.outputs, sample.targets)
    assert set(loss.components) == {"asl", "reconstruction", "contrast"}
    assert not any(term.requires_grad for term in loss.components.values())
    parts = loss.components
    torch.testing.assert_close(
        value, 0.5 * parts["asl"] + parts["reconstruction"] + 2 * parts["contrast"], check_stride=False
    )


def test_reconstruction_has_a_gradient_where_the_kernels_underflow() -> None:
    out = Outputs(
        logits=torch.zeros(2, 3, requires_grad=True),
        features=torch.full((2, 4000), 3.0),
        kernels=GaussianKernels(
            torch.zeros(2, 3, requires_grad=True), torch.full((2, 3), 1.5, requires_grad=True)
        ),
    )
    assert math.exp(-0.5 * 4000 * 9 / 1.5) == 0.0
    loss = build_loss("kmcl", case="isotropic", asl_weight=0.0, con_weight=0.0)
    loss(out, torch.tensor([[1, 0, 0], [0, 1, 1]])).backward()
    assert out.logits.grad is not None
    assert out.logits.grad.abs().min() > 0.04


def test_chunks_do_not_change_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    loss, sample = ready("kmcl", lambda made: draw(made, 7, 5))
    whole = loss(sample.outputs, sample.targets)
    (gradient,) = torch.autograd.grad(whole, sample.outputs.kernels.mean)
    monkeypatch.setitem(CHUNK, "cpu", 60)
    chunked = loss(sample.outputs, sample.targets)
    torch.testing.assert_close(chunked, whole)
    torch.testing.assert_close(torch.autograd.grad(chunked, sample.outputs.kernels.mean)[0], gradient)


def test_kernels_of_the_other_case_are_refused() -> None:
    loss, sample = ready("kmcl", lambda made: draw(made, 4, 3), case="isotropic")
    with pytest.raises(ValueError, match="got kernels"):
        build_loss("kmcl")(sample.outputs, sample.targets)
    assert loss(sample.outputs, sample.targets).isfinite()


@pytest.mark.parametrize("case", ["anisotropic", "isotropic"])
def test_without_its_kernels_it_is_asl(case: str) -> None:
    """And a term whose weight is 0 is not computed."""
    weights = {"rec_weight": 0.0, "con_weight": 0.0}
    loss, sample = ready("kmcl", lambda made: draw(made, 8, 5), case=case, **weights)
    value = loss(sample.outputs, sample.targets)
    assert torch.equal(value, build_loss("asl", reduction="sum")(sample.outputs.logits, sample.targets))
    assert set(loss.components) == {"asl"}
    value.backward()
    kernels = [leaf for name, leaf in sample.leaves.items() if "kernels" in name]
    assert kernels
    assert all(leaf.grad is None for leaf in kernels)
