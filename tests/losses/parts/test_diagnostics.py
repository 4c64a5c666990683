"""The diagnostics of a batch: components, gradient norms, and the positive pairs that are pushed apart."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor

from mlbench import Loss, Outputs, build_loss
from mlbench.losses.conformance.samples import draw
from mlbench.losses.parts.contrast import ContrastiveLoss
from mlbench.losses.parts.diagnostics import diagnose, mean_of
from mlbench.registry import LOSSES
from tests.losses.harness import gradients, label_sets, ready


@pytest.mark.parametrize("name", LOSSES.names())
def test_every_loss_can_be_diagnosed(name: str) -> None:
    loss, sample = ready(name, lambda made: draw(made, 8, 5))
    found = diagnose(loss, sample.outputs, sample.targets)
    value = loss(sample.outputs, sample.targets)
    assert found["loss"] == pytest.approx(value.item())
    wanted = gradients(value, sample)
    for field in {"logits", "embeddings"} & set(loss.needs):
        assert found[f"gradient_norm/{field}"] == pytest.approx(wanted[field].norm().item())
    assert {f"component/{term}" for term in loss.components} <= set(found)
    assert ("pushed_apart" in found) == (isinstance(loss, ContrastiveLoss) or name == "kmcl")
    assert all(leaf.grad is None for leaf in sample.leaves.values())


def test_pushed_apart_is_where_the_softmax_passes_the_weight() -> None:
    loss, sample = ready("supcon", lambda made: draw(made, 9, 4), temperature=0.1)
    z, y = sample.outputs.embeddings.detach(), label_sets(sample.targets)
    apart = []
    for i in range(9):
        others = [k for k in range(9) if k != i]
        sigma = dict(zip(others, torch.stack([z[i] @ z[k] / 0.1 for k in others]).softmax(0), strict=True))
        positives = [j for j in others if y[i] & y[j]]
        apart += [bool(sigma[j] > 1 / len(positives)) for j in positives]
    found = diagnose(loss, sample.outputs, sample.targets)
    assert 0 < found["pushed_apart"] == pytest.approx(sum(apart) / len(apart))


def test_reg_pushes_positives_apart_only_without_its_regularisation() -> None:
    share = {}
    for regularize in (True, False):
        loss, sample = ready("reg", lambda made: draw(made, 12, 5), regularize=regularize)
        share[regularize] = diagnose(loss, sample.outputs, sample.targets)["pushed_apart"]
    assert share[True] == 0.0
    assert share[False] > 0.1


def test_kmcl_pushes_apart_where_the_softmax_passes_its_share_of_the_weights() -> None:
    """The gradient of −Σ_m w_m log σ_m in s_m is (Σw) σ_m − w_m, for each sample n and label k of it."""
    loss, sample = ready("kmcl", lambda made: draw(made, 10, 4))
    out, y = sample.outputs, label_sets(sample.targets)
    apart = []
    for n in range(10):
        others = [m for m in range(10) if m != n]
        neighbours = sum(bool(y[n] & y[m]) for m in others)
        for k in y[n]:
            bc = [coefficient(out.kernels.mean[..., k], out.kernels.variance[..., k], n, m) for m in others]
            sigma = dict(zip(others, (torch.stack(bc) / 0.17).softmax(0).tolist(), strict=True))
            weight = {m: len(y[n] & y[m]) / len(y[n] | y[m]) / neighbours for m in others if k in y[m]}
            apart += [sigma[m] * sum(weight.values()) > of for m, of in weight.items()]
    found = diagnose(loss, sample.outputs, sample.targets)
    assert 0 < found["pushed_apart"] == pytest.approx(sum(apart) / len(apart))


def coefficient(mean: torch.Tensor, variance: torch.Tensor, n: int, m: int) -> torch.Tensor:
    """Bhattacharyya's, of one label's Gaussians for two samples, over the dimensions D."""
    both = variance[n] + variance[m]
    volume = (both / (2 * (variance[n] * variance[m]).sqrt())).log()
    return torch.exp(-(0.5 * volume + 0.25 * (mean[n] - mean[m]) ** 2 / both).sum()).detach()


def test_a_batch_without_positive_pairs_has_no_share() -> None:
    loss = build_loss("supcon")
    z = torch.nn.functional.normalize(torch.randn(3, 4), dim=-1)
    assert "pushed_apart" not in diagnose(loss, Outputs(embeddings=z), torch.eye(3))


def test_half_precision_outputs_of_a_model_that_is_not_in_training_are_diagnosed() -> None:
    loss, sample = ready("bce_supcon", lambda made: draw(made, 8, 5, dtype=torch.bfloat16))
    with torch.no_grad():
        found = diagnose(loss, sample.outputs, sample.targets)
    assert {"component/bce", "component/contrast", "pushed_apart", "gradient_norm/logits"} <= set(found)


class Moving(Loss):
    """Its state moves at every call in each way there is: a buffer in place, one replaced, a number, and noise."""

    needs = {"logits"}
    search_space = {}

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))
        self.register_buffer("mean", torch.zeros(3))
        self.inner = torch.nn.BatchNorm1d(3, affine=False)
        self.count, self.made = 0, False

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        self.calls += 1
        self.mean = 0.9 * self.mean + 0.1 * out.logits.detach().mean(dim=0)
        self.count += 1
        if self.count > 1:
            self.register_buffer("late", torch.ones(()))
        noise = torch.rand_like(out.logits)
        return (self.inner(out.logits) * (targets - noise)).mean()


def test_a_loss_is_afterwards_what_it_was_and_so_is_chance() -> None:
    loss, logits = Moving(), torch.randn(4, 3, requires_grad=True)
    targets = torch.tensor([[1.0, 0, 0], [0, 1, 1], [0, 0, 0], [1, 1, 1]])
    loss(logits, targets)
    buffers, state, random = (
        dict(loss.named_buffers()),
        copy.deepcopy(loss.state_dict()),
        torch.get_rng_state(),
    )
    terms = loss.components
    for _ in range(2):
        assert set(diagnose(loss, Outputs(logits=logits), targets)) == {"loss", "gradient_norm/logits"}
    assert loss.state_dict().keys() == state.keys()
    assert all(torch.equal(value, state[name]) for name, value in loss.state_dict().items())
    assert all(value is buffers[name] for name, value in loss.named_buffers())
    assert (loss.count, loss.components is terms) == (1, True)
    assert torch.equal(torch.get_rng_state(), random)


def test_a_diagnosis_that_fails_leaves_the_loss_alone_too() -> None:
    loss = Moving()
    with pytest.raises(RuntimeError):
        diagnose(loss, Outputs(logits=torch.zeros(2, 3)), torch.zeros(2, 3, device="meta"))
    assert (float(loss.calls), loss.count) == (0, 0)


def test_means_are_over_the_batches_that_have_a_name() -> None:
    assert mean_of([{"loss": 1.0, "pushed_apart": 0.5}, {"loss": 3.0}]) == {"loss": 2.0, "pushed_apart": 0.5}
    assert mean_of([]) == {}
