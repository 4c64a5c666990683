"""The heads: what a loss needs and nothing else, of the right shape, length and initial weights."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from mlbench import GaussianKernels, LabelStats, Loss, Memory, Outputs, build_loss
from mlbench.models.heads import HEADS, Head, Heads, KernelHead, LabelAttentionHead, Sizes
from mlbench.registry import LOSSES

FEATURES, LABELS, WIDTH, BATCH = 20, 7, 12, 5


def heads_for(name: str, **parameters: object) -> tuple[Loss, Heads]:
    loss = build_loss(name, **parameters)
    return loss, Heads(loss, FEATURES, LABELS, WIDTH)


@pytest.mark.parametrize("name", LOSSES.names())
def test_every_loss_gets_what_it_needs_and_trains_all_of_it(name: str) -> None:
    loss, heads = heads_for(name)
    features = torch.randn(BATCH, FEATURES, requires_grad=True)
    out = heads(features)
    for field, value in vars(out).items():
        assert (value is not None) == (field in loss.needs)
    targets = torch.tensor([[1, 0, 1, 0, 0, 1, 1], [1, 1, 0, 0, 1, 0, 1]])[[0, 1, 0, 1, 0]]
    loss.prepare(LabelStats(targets.sum(dim=0), BATCH))
    loss(out, targets).backward()
    assert features.grad is not None
    assert features.grad.abs().sum() > 0
    without = [parameter for parameter, value in heads.named_parameters() if value.grad is None]
    assert without == []


def test_shapes_and_lengths() -> None:
    class Everything(Loss):
        needs = {"logits", "features", "embeddings", "prototypes", "label_embeddings", "kernels"}
        kernel_case = "anisotropic"

    out = Heads(Everything(), FEATURES, LABELS, WIDTH)(torch.randn(BATCH, FEATURES))
    assert out.logits.shape == (BATCH, LABELS)
    assert out.features.shape == (BATCH, FEATURES)
    for unit, shape in (
        (out.embeddings, (BATCH, WIDTH)),
        (out.prototypes, (LABELS, WIDTH)),
        (out.label_embeddings, (BATCH, LABELS, WIDTH)),
    ):
        assert unit.shape == shape
        torch.testing.assert_close(unit.norm(dim=-1), torch.ones(shape[:-1]))
    assert out.kernels.mean.shape == out.kernels.variance.shape == (BATCH, 128, LABELS)
    assert out.kernels.features is not None
    assert out.kernels.features.shape == (BATCH, 128)


def test_every_head_that_gives_logits_starts_them_at_the_log_odds() -> None:
    counts, rows = torch.tensor([0, 1, 2, 5, 9, 10, 3]), 10
    stats = LabelStats(counts, rows)
    expected = torch.tensor([math.log((n + 0.5) / (rows - n + 0.5)) for n in counts.tolist()])
    torch.testing.assert_close(stats.log_odds().float(), expected)
    assert stats.log_odds().isfinite().all()
    features = torch.zeros(BATCH, FEATURES)
    found = set()
    for name in LOSSES.names():
        loss, heads = heads_for(name)
        with torch.no_grad():
            for weight in heads.parameters():
                weight.zero_()
        heads.start_logits_at(stats.log_odds())
        if "logits" in loss.needs:
            torch.testing.assert_close(heads(features).logits, expected.expand(BATCH, LABELS))
        found |= {head for head, built in heads.heads.items() if "logits" in built.gives}
    assert found == {field for field, head in HEADS.items() if "logits" in head.gives}


def test_a_head_that_hides_its_bias_is_told() -> None:
    class Hidden(Head):
        gives = ("logits",)

    _, heads = heads_for("bce")
    heads.heads["logits"] = Hidden(Sizes(FEATURES, LABELS))
    with pytest.raises(NotImplementedError, match="Hidden does not say where its logits have their biases"):
        heads.start_logits_at(torch.zeros(LABELS))


def test_memory_is_passed_on() -> None:
    _, heads = heads_for("supcon")
    memory = Memory(torch.zeros(3, WIDTH), torch.zeros(3, LABELS))
    assert heads(torch.randn(BATCH, FEATURES), memory).memory is memory
    assert heads(torch.randn(BATCH, FEATURES)).memory is None


def test_a_field_is_given_by_one_head_only() -> None:
    assert list(heads_for("mulcon")[1].heads) == ["label_embeddings"]
    assert list(heads_for("kmcl")[1].heads) == ["kernels"]
    assert list(heads_for("bce")[1].heads) == ["logits"]
    assert set(HEADS) == set(Outputs.__dataclass_fields__) - {"features", "memory", "known"}


@pytest.mark.parametrize("case", ["isotropic", "anisotropic"])
def test_kernel_head_starts_as_kmcl_says(case: str) -> None:
    torch.manual_seed(0)
    head = KernelHead(Sizes(FEATURES, LABELS, kernel_case=case))
    assert 0 <= head.mean.weight.min() < 0.01 < 0.09 < head.mean.weight.max() <= 0.1
    assert head.variance.weight.eq(1).all()
    assert head.mean.bias.eq(0).all()
    assert head.variance.bias.eq(0).all()
    features = torch.randn(BATCH, FEATURES)
    kernels = head(features)["kernels"]
    assert isinstance(kernels, GaussianKernels)
    seen = features if case == "isotropic" else kernels.features
    assert isinstance(seen, Tensor)
    raw = seen.sum(dim=1)
    expected = 2 + 1e-7 + torch.where(raw > 0, raw, torch.expm1(raw))
    found = kernels.variance if case == "isotropic" else kernels.variance[:, 3]
    torch.testing.assert_close(found, expected[:, None].expand(BATCH, LABELS))
    assert kernels.variance.min() >= 1


def test_kernel_means_are_laid_out_by_dimension_then_label() -> None:
    head = KernelHead(Sizes(FEATURES, LABELS, kernel_case="anisotropic"))
    kernels = head(torch.randn(BATCH, FEATURES))["kernels"]
    weight = head.mean.weight[5 * LABELS + 2]
    torch.testing.assert_close(kernels.mean[:, 5, 2], kernels.features @ weight, rtol=1e-4, atol=1e-5)


def test_label_attention_is_attention() -> None:
    """Against loops over labels and tokens."""
    head = LabelAttentionHead(Sizes(FEATURES, LABELS, WIDTH)).double()
    features = torch.randn(2, FEATURES, dtype=torch.float64)
    given = head(features)
    tokens = head.tokens(features).reshape(2, 8, 3, WIDTH)
    for i in range(2):
        for label in range(LABELS):
            scores = torch.stack([head.queries[label] @ tokens[i, t, 0] for t in range(8)])
            shares = torch.softmax(scores / math.sqrt(WIDTH), dim=0)
            value = sum(shares[t] * tokens[i, t, 1] for t in range(8))
            logit = head.weight[label] @ value + head.bias[label]
            torch.testing.assert_close(given["logits"][i, label], logit)
            projected = sum(shares[t] * tokens[i, t, 2] for t in range(8)) + head.offsets[label]
            torch.testing.assert_close(given["label_embeddings"][i, label], projected / projected.norm())
