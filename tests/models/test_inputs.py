"""Batches of resident inputs hold exactly the rows that were asked for."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from torch.nn import functional

from mlbench.models.encoders.bag import _bags
from mlbench.models.inputs import Dense, InputRows, Tokens

ROWS = st.lists(st.integers(0, 9), min_size=1, max_size=12)


@given(ROWS, st.integers(0, 1000))
def test_bags_are_the_rows_of_the_sparse_matrix(rows: list[int], seed: int) -> None:
    matrix = sparse.random(10, 7, density=0.3, format="csr", dtype=np.float32, random_state=seed)
    table = torch.eye(7)
    words, weights, offsets = _bags(matrix).batch(torch.tensor(rows))
    summed = functional.embedding_bag(words, table, offsets, mode="sum", per_sample_weights=weights)
    np.testing.assert_allclose(summed.numpy(), matrix.toarray()[rows], rtol=1e-6)


@given(ROWS, st.lists(st.integers(0, 5), min_size=10, max_size=10))
def test_tokens_are_padded_to_the_longest_of_the_batch(rows: list[int], lengths: list[int]) -> None:
    texts = [list(range(100 * row, 100 * row + length)) for row, length in enumerate(lengths)]
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    flat = np.array([token for text in texts for token in text], dtype=np.int32)
    tokens = Tokens(starts, flat, padding=-1)
    for chosen in (
        tokens,
        InputRows(tokens, torch.arange(10)),
        InputRows(InputRows(tokens, torch.arange(10).flip(0)), torch.arange(10).flip(0)),
    ):
        assert chosen.lengths is not None
        assert chosen.lengths.tolist() == lengths
        ids, *given_mask = chosen.batch(torch.tensor(rows))
        assert bool(given_mask) == (len({lengths[row] for row in rows}) > 1 or lengths[rows[0]] == 0)
        mask = given_mask[0] if given_mask else torch.ones_like(ids, dtype=torch.bool)
        assert ids.shape == mask.shape == (len(rows), max(1, max(lengths[row] for row in rows)))
        for row, line, real in zip(rows, ids.tolist(), mask.tolist(), strict=True):
            assert [token for token, kept in zip(line, real, strict=True) if kept] == texts[row]
            assert all(token == -1 for token, kept in zip(line, real, strict=True) if not kept)


def test_dense_rows() -> None:
    values = torch.arange(12.0).view(4, 3)
    (batch,) = Dense(values).batch(torch.tensor([2, 0, 2]))
    assert torch.equal(batch, values[[2, 0, 2]])
