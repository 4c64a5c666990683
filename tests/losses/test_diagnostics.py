"""The diagnostics of a batch: components, gradient norms, and the positive pairs that are pushed apart."""

from __future__ import annotations

import pytest
import torch

from mlbench import Outputs, build_loss
from mlbench.losses.conformance.samples import draw
from mlbench.losses.contrast import ContrastiveLoss
from mlbench.losses.diagnostics import diagnose, mean_of
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


def test_means_are_over_the_batches_that_have_a_name() -> None:
    assert mean_of([{"loss": 1.0, "pushed_apart": 0.5}, {"loss": 3.0}]) == {"loss": 2.0, "pushed_apart": 0.5}
    assert mean_of([]) == {}
