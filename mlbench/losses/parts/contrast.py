"""What the contrastive losses on embeddings share: similarities, softmax over the others, label overlap."""

from __future__ import annotations

import torch
from torch import Tensor

from mlbench.losses.base import Loss, Outputs
from mlbench.losses.parts.checks import readable
from mlbench.losses.parts.masking import mask_self, masked_mean


class ContrastiveLoss(Loss):
    """A contrastive loss over (anchor, candidate) pairs.

    A subclass gives the pairs' `weights`; a weight above 0 makes a positive (`pairs` where it needs both at
    once). `contrast` turns similarities and weights into the scalar: the mean over anchors that have a
    positive of −Σ_j w_ij log softmax_{k≠i}(s_ij/τ).
    """

    temperature: float

    def similarities(self, out: Outputs) -> Tensor:
        """s_ij/τ [B, B (+ Q)] of the batch to batch and memory; an anchor to itself is as good as −∞."""
        scaled = out.embeddings @ with_memory(out).T / self.temperature
        return mask_self(scaled)

    def weights(self, out: Outputs, targets: Tensor) -> Tensor:
        """w_ij ≥ 0 [B, B (+ Q)], 0 from an anchor to itself."""
        raise NotImplementedError(f"{type(self).__name__} has no weights")

    def pairs(self, out: Outputs, targets: Tensor) -> tuple[Tensor, Tensor]:
        """The `similarities` and `weights`, of one shape."""
        return self.similarities(out), self.weights(out, targets)

    def contrast(self, similarities: Tensor, weights: Tensor) -> Tensor:
        """The scalar, from `similarities` and `weights` of one shape."""
        per_anchor = -(weights * similarities.log_softmax(dim=1)).sum(dim=1)
        return masked_mean(per_anchor, weights.sum(dim=1) > 0)

    def forward(self, out: Outputs, targets: Tensor) -> Tensor:
        return self.contrast(*self.pairs(out, targets))


def with_memory(out: Outputs) -> Tensor:
    """The candidates' embeddings [B (+ Q), P]: the batch, then the memory."""
    return out.embeddings if out.memory is None else torch.cat([out.embeddings, out.memory.embeddings])


def candidate_targets(out: Outputs, targets: Tensor) -> Tensor:
    """The candidates' label sets [B (+ Q), L]: the batch, then the memory."""
    return targets if out.memory is None else torch.cat([targets, out.memory.targets])


def shared_labels(anchors: Tensor, candidates: Tensor) -> Tensor:
    """|y_i ∩ y_j| [A, K] of label sets [A, L] and [K, L]; 0 where j = i."""
    common = labels_in_common(candidates)
    of_candidates = candidates[:, common]
    shared = (of_candidates if anchors is candidates else anchors[:, common]) @ of_candidates.T
    return shared.fill_diagonal_(0)


def overlap(anchors: Tensor, candidates: Tensor) -> tuple[Tensor, Tensor]:
    """|y_i ∩ y_j| and |y_i ∪ y_j|, each [A, K], of label sets [A, L] and [K, L]; both 0 where j = i."""
    shared = shared_labels(anchors, candidates)
    union = anchors.sum(dim=1)[:, None] + candidates.sum(dim=1)[None, :] - shared
    return shared, union.fill_diagonal_(0)


def labels_in_common(candidates: Tensor) -> Tensor | slice:
    """Which columns of the label sets [K, L] are to be multiplied: those of labels that two candidates have.

    Through any other label nothing is shared with another sample, and of many labels most are such in a batch.
    Where values are not to be looked at, or all labels are such, all columns, of which no copy has to be made.
    """
    common = candidates.sum(dim=0) > 1
    return common.nonzero()[:, 0] if readable(candidates) and not common.all() else slice(None)


def jaccard(anchors: Tensor, candidates: Tensor) -> Tensor:
    """J_ij = |y_i ∩ y_j| / |y_i ∪ y_j| [A, K], 0 where both sets are empty and where j = i."""
    shared, union = overlap(anchors, candidates)
    return shared / union.clamp(min=1)


def normalised(weights: Tensor) -> Tensor:
    """`weights` [A, K] ≥ 0 divided by their row sums; rows of zeros stay zeros."""
    total = weights.sum(dim=1, keepdim=True)
    return weights / total.where(total > 0, 1)
