"""What the contrastive losses share: who shares labels with whom."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given
from torch import Tensor

from mlbench.losses.parts.contrast import jaccard, labels_in_common, overlap, shared_labels
from mlbench.losses.parts.masking import mask_self, with_self
from mlbench.losses.reg import RegularisedContrast


@given(
    seed=st.integers(0, 1000),
    sizes=st.tuples(st.integers(1, 6), st.integers(0, 5), st.integers(1, 12)),
    rate=st.sampled_from([0.0, 0.1, 0.5, 1.0]),
)
def test_overlap_counts_the_labels_of_each_pair(seed: int, sizes: tuple[int, int, int], rate: float) -> None:
    batch, memory, labels = sizes
    random = torch.Generator().manual_seed(seed)
    candidates = (torch.rand(batch + memory, labels, generator=random) < rate).double()
    shared, union = overlap(candidates[:batch], candidates)
    index = jaccard(candidates[:batch], candidates)
    sets = [set(row.nonzero()[:, 0].tolist()) for row in candidates]
    for i in range(batch):
        for j, other in enumerate(sets):
            both, any_ = (len(sets[i] & other), len(sets[i] | other)) if i != j else (0, 0)
            assert shared[i, j] == both
            assert union[i, j] == any_
            assert index[i, j] == (both / any_ if any_ else 0)


def test_labels_that_only_one_candidate_has_are_not_multiplied() -> None:
    sets = torch.tensor([[1.0, 1.0, 0.0, 0.0], [0.0, 1.0, 1.0, 0.0], [0.0, 1.0, 0.0, 0.0]])
    common = labels_in_common(sets)
    assert isinstance(common, torch.Tensor)
    assert common.tolist() == [1]
    assert labels_in_common(sets.to("meta")) == slice(None), "values on a device are not looked at"


def test_nothing_is_copied_where_all_labels_are_in_common() -> None:
    assert labels_in_common(torch.ones(2, 3)) == slice(None)


@given(sizes=st.tuples(st.integers(1, 9), st.integers(0, 9)), seed=st.integers(0, 1000))
def test_an_anchor_itself_is_set_apart_and_has_no_gradient(sizes: tuple[int, int], seed: int) -> None:
    anchors, more = sizes
    random = torch.Generator().manual_seed(seed)
    scores = torch.randn(anchors, anchors + more, generator=random, requires_grad=True)
    before = scores.detach().clone()
    itself = torch.eye(anchors, anchors + more, dtype=torch.bool)
    apart = with_self(scores, 2.5)
    assert torch.equal(apart, before.masked_fill(itself, 2.5))
    assert torch.equal(mask_self(scores), before.masked_fill(itself, torch.finfo(torch.float32).min))
    assert torch.equal(scores, before)
    (gradient,) = torch.autograd.grad((apart * before).sum(), scores)
    assert torch.equal(gradient, before.masked_fill(itself, 0))


def label_sets(batch: int, memory: int, labels: int) -> Tensor:
    return (torch.rand(batch + memory, labels) < torch.rand(labels) ** 4).float()


@pytest.mark.parametrize("labels", [5, 54, 300])
def test_shared_labels_are_the_bits_of_a_mask_and_a_copy(labels: int) -> None:
    """`same_results` of the contrastive losses names the code of that time, which made published records."""
    candidates = label_sets(64, 512, labels)
    anchors = candidates[:64]
    common = (candidates.sum(dim=0) > 1).nonzero()[:, 0]
    itself = torch.eye(64, 576, dtype=torch.bool)
    shared = anchors[:, common] @ candidates[:, common].T
    union = anchors.sum(dim=1)[:, None] + candidates.sum(dim=1)[None, :] - shared
    assert torch.equal(shared_labels(anchors, candidates), shared.masked_fill(itself, 0))
    assert torch.equal(overlap(anchors, candidates)[1], union.masked_fill(itself, 0))


@pytest.mark.parametrize("alpha", [0.0, 0.7, 1.0, 2.0])
def test_inclusion_has_the_bits_of_a_power_of_what_is_above_0(alpha: float) -> None:
    """As above, for `reg`."""
    candidates = label_sets(64, 512, 54)
    share = shared_labels(candidates[:64], candidates) / candidates.sum(dim=1).clamp(min=1)
    above = share > 0
    expected = above * share.where(above, 1) ** alpha
    assert torch.equal(RegularisedContrast(alpha=alpha).inclusion(share), expected)
