"""Iterative stratification in the limit of infinitely many folds: an order in which every prefix is stratified.

Sechidis, Tsoumakas, Vlahavas: On the Stratification of Multi-Label Data, ECML PKDD 2011, deal the rows out to
k folds, the label with the fewest rows left first. Here each row gets a position in [0, 1) instead of a fold,
again the label with the fewest rows left first: its positives are spread evenly over [0, 1), the rows that got
their position from a rarer label counted in, and among the rows that could fill a gap those with the same
labels go far apart. Cutting at any point then leaves every label its share on both sides, so that samples of
all sizes are stratified and nested in each other. There is no loop over rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_array

GOLDEN = 0.6180339887498949
"""1/φ: multiples of it, modulo 1, are spread evenly over [0, 1) however many are taken and from where."""

COMPARED = 6
"""How many labels of a row, rarest first, say which other rows it is like."""

Positions = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


def stratified_order(targets: npt.NDArray[np.uint8], seed: int, *, phase: float | None = None) -> Indices:
    """A permutation of the rows of `targets` [N, L] in which every prefix holds its share of every label.

    Where a label with c positives has its first one within the first 1/c of the rows is drawn by `seed`, so
    that over seeds the draw is unbiased, or is `phase` / c where that is given (0.5: shares are rounded to
    the nearest whole number). Rows without labels are spread evenly too.
    """
    # Loaded where it is used: every command reads this file, and few of them draw rows.
    from scipy.sparse import csr_array

    generator = np.random.Generator(np.random.PCG64(seed))
    shuffled = np.argsort(generator.random(len(targets)), kind="stable")
    unlabelled = ~targets.any(axis=1, keepdims=True)
    entries = np.nonzero(np.hstack([targets, unlabelled])[shuffled])
    shape = (len(targets), targets.shape[1] + 1)
    matrix: csr_array = csr_array((np.ones(len(entries[0]), np.int64), entries), shape=shape)
    by_label = matrix.tocsc()
    by_label.sort_indices()
    left = np.diff(by_label.indptr).astype(np.int64)
    likeness = _rank_by_labels(matrix, left)
    position: Positions = np.full(len(targets), -1.0)
    while left.any():
        label = int(np.where(left > 0, left, np.iinfo(np.int64).max).argmin())
        rows = by_label.indices[by_label.indptr[label] : by_label.indptr[label + 1]]
        placed = position[rows] >= 0
        first = generator.random() if phase is None else phase
        slots = _free_slots(np.sort(position[rows[placed]]), len(rows), first)
        new = rows[~placed]
        new = new[np.argsort(likeness[new], kind="stable")]
        far_apart = np.argsort((np.arange(len(new)) * GOLDEN + generator.random()) % 1.0, kind="stable")
        position[new[far_apart]] = (slots + first) / len(rows)
        left -= np.bincount(matrix[new].indices, minlength=len(left))
    return shuffled[np.argsort(position, kind="stable")]


def _free_slots(taken: Positions, total: int, first: float) -> Indices:
    """Which slots j, at (j + first) / total, stay free once each of the sorted positions has one near it."""
    steps = np.arange(len(taken))
    wanted = np.floor(taken * total - first + 0.5).astype(np.int64) - steps
    if len(taken):
        wanted = (np.maximum.accumulate(wanted) + np.minimum.accumulate(wanted[::-1])[::-1]) // 2
    occupied = np.clip(wanted, 0, total - len(taken)) + steps
    return np.setdiff1d(np.arange(total), occupied, assume_unique=True)


def _rank_by_labels(matrix: csr_array, counts: Indices) -> Indices:
    """A rank of the rows that puts like label sets side by side, the rarest label deciding first."""
    rarity = np.empty(len(counts), np.int64)
    rarity[np.argsort(counts, kind="stable")] = np.arange(len(counts))
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    ordered = np.lexsort((rarity[matrix.indices], row))
    place = np.arange(len(row)) - matrix.indptr[row]
    keys = np.full((COMPARED, matrix.shape[0]), len(counts), np.int64)
    kept = place < COMPARED
    keys[place[kept], row[kept]] = rarity[matrix.indices[ordered]][kept]
    rank = np.empty(matrix.shape[0], np.int64)
    rank[np.lexsort(keys[::-1])] = np.arange(matrix.shape[0])
    return rank
