"""What the contrastive losses share: who shares labels with whom."""

from __future__ import annotations

import hypothesis.strategies as st
import torch
from hypothesis import given

from mlbench.losses.parts.contrast import jaccard, labels_in_common, overlap


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
