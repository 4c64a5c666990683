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
    assert ("pushed_apart" in found) == isinstance(loss, ContrastiveLoss)
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
