"""What stands between the backbone's features [B, M] and the loss: one head for each field of Outputs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import elu, normalize

from mlbench.losses.base import GaussianKernels, Loss, Memory, Outputs

KERNEL_WIDTH = 128
TOKENS = 8


@dataclass(frozen=True)
class Sizes:
    """M features, L labels, embeddings P wide, and the case of Gaussian kernel that the loss wants."""

    features: int
    labels: int
    projection: int = 256
    kernel_case: str = "isotropic"


class Head(nn.Module):
    """Gives the fields `gives` of Outputs, by name, from features [B, M]; built from Sizes. One that gives logits has
    the bias of each label in `logit_bias`."""

    gives: ClassVar[tuple[str, ...]]

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes

    @property
    def logit_bias(self) -> nn.Parameter:
        """What is added to each label's logit, [L]."""
        raise NotImplementedError(f"{type(self).__name__} does not say where its logits have their biases")

    def as_linear(self) -> tuple[Tensor, Tensor] | None:
        """Weight [L, M] and bias [L] with which logits = features Wᵀ + b; None where they are not linear in the
        features."""
        return None

    def forward(self, features: Tensor) -> Mapping[str, Any]:
        raise NotImplementedError(f"{type(self).__name__} has no forward")


class LinearHead(Head):
    """`logits` [B, L], linear in the features."""

    gives = ("logits",)

    def __init__(self, sizes: Sizes) -> None:
        super().__init__(sizes)
        self.linear = nn.Linear(sizes.features, sizes.labels)

    @property
    def logit_bias(self) -> nn.Parameter:
        return self.linear.bias

    def as_linear(self) -> tuple[Tensor, Tensor] | None:
        return self.linear.weight, self.linear.bias

    def forward(self, features: Tensor) -> Mapping[str, Any]:
        return {"logits": self.linear(features)}


class ProjectionHead(Head):
    """`embeddings` [B, P], L2-normalised: M → M → P with one ReLU."""

    gives = ("embeddings",)

    def __init__(self, sizes: Sizes) -> None:
        super().__init__(sizes)
        width = sizes.features
        self.layers = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, sizes.projection))

    def forward(self, features: Tensor) -> Mapping[str, Any]:
        return {"embeddings": normalize(self.layers(features), dim=-1)}


class PrototypeHead(Head):
    """`prototypes` [L, P], L2-normalised label vectors that do not look at the features."""

    gives = ("prototypes",)

    def __init__(self, sizes: Sizes) -> None:
        super().__init__(sizes)
        self.vectors = label_vectors(sizes)

    def forward(self, features: Tensor) -> Mapping[str, Any]:
        return {"prototypes": normalize(self.vectors, dim=-1)}


class LabelAttentionHead(Head):
    """`label_embeddings` [B, L, P], L2-normalised, and `logits` [B, L]: every label attends to the sample.

    The features become 8 tokens, keys and values, by linear maps; each label has a query of its own and takes
    softmax(q·k/√P)-weighted values. From those, the logit is linear with weights of the label's own, as in
    MulCon (Dao et al. 2021, https://arxiv.org/abs/2107.11626), where the logits are of the label embeddings
    too. Their projection for the contrast is here a second set of values: a linear map after attention is the
    same as before it, and there it costs nothing per label. Their tokens are the cells of an image's feature
    map.
    """

    gives = ("logits", "label_embeddings")

    def __init__(self, sizes: Sizes) -> None:
        super().__init__(sizes)
        self.width = sizes.projection
        self.tokens = nn.Linear(sizes.features, 3 * TOKENS * self.width)
        self.queries = nn.Parameter(torch.randn(sizes.labels, self.width))
        self.offsets = label_vectors(sizes)
        self.weight = label_vectors(sizes)
        self.bias = nn.Parameter(torch.zeros(sizes.labels))

    @property
    def logit_bias(self) -> nn.Parameter:
        return self.bias

    def forward(self, features: Tensor) -> Mapping[str, Any]:
        tokens = self.tokens(features).unflatten(-1, (TOKENS, 3 * self.width))
        keys, values, projected = tokens.chunk(3, dim=-1)
        attention = (self.queries @ keys.mT / math.sqrt(self.width)).softmax(dim=-1)
        # Σ_p w_lp Σ_t a_blt v_btp, without the [B, L, P] in between.
        logits = (attention * (self.weight @ values.mT)).sum(dim=-1) + self.bias
        return {
            "logits": logits,
            "label_embeddings": normalize(attention @ projected + self.offsets, dim=-1),
        }


class KernelHead(Head):
    """`kernels`, a mean and a variance per sample and label, and `logits` [B, L], all linear in f, for KMCL.

    Isotropic: f is the features, mean and variance [B, L]. Anisotropic: f = Linear(M, 128) of the features,
    which the kernel then sees, mean and variance [B, 128, L]. v = 2 + 1e-7 + ELU(v̂), so that v ≥ 1. Initial
    weights of the mean are U(0, 0.1), of v̂ 1, biases 0, as in the released code (Sajedi et al. 2023).
    """

    gives = ("logits", "kernels")

    def __init__(self, sizes: Sizes) -> None:
        super().__init__(sizes)
        features, anisotropic = sizes.features, sizes.kernel_case == "anisotropic"
        self.shape = (KERNEL_WIDTH, sizes.labels) if anisotropic else (sizes.labels,)
        self.reduce = nn.Linear(features, KERNEL_WIDTH) if anisotropic else None
        width = KERNEL_WIDTH if anisotropic else features
        self.logits = nn.Linear(width, sizes.labels)
        self.mean = nn.Linear(width, math.prod(self.shape))
        self.variance = nn.Linear(width, math.prod(self.shape))
        nn.init.uniform_(self.mean.weight, 0, 0.1)
        nn.init.ones_(self.variance.weight)
        nn.init.zeros_(self.mean.bias)
        nn.init.zeros_(self.variance.bias)

    @property
    def logit_bias(self) -> nn.Parameter:
        return self.logits.bias

    def as_linear(self) -> tuple[Tensor, Tensor] | None:
        weight, bias = self.logits.weight, self.logits.bias
        if self.reduce is None:
            return weight, bias
        # Two linear maps, one after the other, are one.
        return weight @ self.reduce.weight, weight @ self.reduce.bias + bias

    def forward(self, features: Tensor) -> Mapping[str, Any]:
        seen = features if self.reduce is None else self.reduce(features)
        mean = self.mean(seen).unflatten(-1, self.shape)
        variance = 2 + 1e-7 + elu(self.variance(seen).unflatten(-1, self.shape))
        kernels = GaussianKernels(mean, variance, None if self.reduce is None else seen)
        return {"logits": self.logits(seen), "kernels": kernels}


def label_vectors(sizes: Sizes) -> nn.Parameter:
    """A trainable vector [P] for each label, of length about 1."""
    return nn.Parameter(torch.randn(sizes.labels, sizes.projection) / math.sqrt(sizes.projection))


HEADS: dict[str, type[Head]] = {
    "label_embeddings": LabelAttentionHead,
    "kernels": KernelHead,
    "embeddings": ProjectionHead,
    "prototypes": PrototypeHead,
    "logits": LinearHead,
}
"""The head of each field. In this order: a field that an earlier head gives as well is not built again."""


class Heads(nn.Module):
    """The heads that `loss` needs, and no other, on features [B, M] for L labels; embeddings are P wide."""

    def __init__(self, loss: Loss, features: int, labels: int, projection: int = 256) -> None:
        super().__init__()
        self.needs = frozenset(loss.needs)
        self.heads = nn.ModuleDict()
        sizes, missing = Sizes(features, labels, projection, loss.kernel_case), self.needs - {"features"}
        for field, build in HEADS.items():
            if field in missing:
                self.heads[field] = build(sizes)
                missing -= set(build.gives)

    @torch.no_grad()
    def start_logits_at(self, log_odds: Tensor) -> None:
        """Set the bias of each label's logit, [L], in every head that gives logits."""
        for head in self.heads.values():
            if isinstance(head, Head) and "logits" in head.gives:
                head.logit_bias.copy_(log_odds)

    def forward(self, features: Tensor, memory: Memory | None = None) -> Outputs:
        """The fields that the loss needs, with `memory` passed on."""
        fields: dict[str, Any] = {"features": features}
        for head in self.heads.values():
            fields |= head(features)
        return Outputs(**{name: fields[name] for name in self.needs}, memory=memory)
