"""RandAugment on whole batches: the images that drew the same operation are changed by one call."""

from __future__ import annotations

import torch
from torch import Tensor

from mlbench.models.images.image_operations import OPERATIONS
from mlbench.models.prefetch import sent_to

LAYERS = 2
"""Operations on each image, one after the other."""


def randaugment(images: Tensor, generator: torch.Generator) -> Tensor:
    """RandAugment of uint8 images [B, H, W, 1 or 3]: each draws 2 of 14 operations, at magnitude 9.

    Cubuk et al. 2020 (arXiv 1909.13719), with the operations and magnitudes of torchvision's `RandAugment` (zeros
    move in, the nearest pixel is taken). An image's result is that of torchvision for the operations and signs
    that it drew; other images of the batch play no part. At most 23 calls a layer whatever the batch, against
    one for each image in a loop.
    """
    drawn = torch.stack([_draw(len(images), generator) for _ in range(LAYERS)])
    order = drawn.argsort(dim=1, stable=True)
    place = order.argsort(dim=1)
    # From the order of one layer straight to that of the next, and back to the batch's own at the end.
    moves = [order[0], *(place[k - 1][order[k]] for k in range(1, LAYERS)), place[-1]]
    moves_there = sent_to(images, torch.stack(moves))
    changed = images.permute(0, 3, 1, 2).contiguous()
    for layer in range(LAYERS):
        kinds, counts = drawn[layer].unique(return_counts=True)
        groups = changed.index_select(0, moves_there[layer]).split(counts.tolist())
        changed = torch.cat([_apply(int(kind), group) for kind, group in zip(kinds, groups, strict=True)])
    return changed.index_select(0, moves_there[LAYERS]).permute(0, 2, 3, 1)


def _draw(count: int, generator: torch.Generator) -> Tensor:
    """An operation and a sign for each image, as one number: twice the operation's place, plus 1 for a minus."""
    operation = torch.randint(0, len(OPERATIONS), (count,), generator=generator)
    minus = torch.rand(count, generator=generator) <= 0.5
    signed = torch.tensor([each.signed for each in OPERATIONS.values()])
    return 2 * operation + (minus & signed[operation])


def _apply(kind: int, images: Tensor) -> Tensor:
    operation = list(OPERATIONS.values())[kind // 2]
    return operation.change(images, -operation.magnitude if kind % 2 else operation.magnitude)
