"""A trained network as it is used: from prepared samples to logits, with nothing of the loss that trained it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from mlbench.errors import DataError
from mlbench.models.base import Backbone
from mlbench.models.heads import HEADS, Head, Heads, Sizes
from mlbench.models.model import Adapter

Tensors = dict[str, Tensor]


class HeadLogits(nn.Module):
    """The logits of a head, and no other field that it gives."""

    def __init__(self, head: Head) -> None:
        super().__init__()
        self.head = head

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.head(features)["logits"]
        return logits

    @property
    def weighted(self) -> nn.Module:
        """The module whose tensors a training keeps."""
        return self.head

    def as_linear(self) -> tuple[Tensor, Tensor] | None:
        """As `Head.as_linear`."""
        return self.head.as_linear()


class ProbeLogits(nn.Module):
    """The linear probe: ((f − mean) / scale) W + b."""

    mean: Tensor
    scale: Tensor
    weight: Tensor
    bias: Tensor

    def __init__(self, features: int, labels: int) -> None:
        super().__init__()
        for name, shape in (
            ("mean", (features,)),
            ("scale", ()),
            ("weight", (features, labels)),
            ("bias", (labels,)),
        ):
            self.register_buffer(name, torch.ones(shape))

    def forward(self, features: Tensor) -> Tensor:
        return torch.addmm(self.bias, (features - self.mean) / self.scale, self.weight)

    @property
    def weighted(self) -> nn.Module:
        """As of `HeadLogits`."""
        return self

    def as_linear(self) -> tuple[Tensor, Tensor]:
        """As `Head.as_linear`; folded in float64."""
        weight = (self.weight.double() / self.scale.double()).T
        return weight.float(), (self.bias.double() - weight @ self.mean.double()).float()


@dataclass(frozen=True)
class Classifier:
    """Which module turns features into logits: the head of the field `kind` of Outputs, or "probe"."""

    kind: str
    sizes: Sizes

    def build(self) -> HeadLogits | ProbeLogits:
        """The module, of the right shapes and any weights."""
        if self.kind == "probe":
            return ProbeLogits(self.sizes.features, self.sizes.labels)
        return HeadLogits(HEADS[self.kind](self.sizes))

    def describe(self) -> dict[str, Any]:
        """As plain values."""
        return {"kind": self.kind, "sizes": asdict(self.sizes)}

    @classmethod
    def of(cls, described: Mapping[str, Any]) -> Classifier:
        """What `describe` gave. Raises DataError for a kind that there is not."""
        if described["kind"] not in (*HEADS, "probe"):
            raise DataError(
                f"an exported model with a classifier {described['kind']!r}, which this mlbench does not know"
            )
        return cls(described["kind"], Sizes(**described["sizes"]))


class Deployed(nn.Module):
    """Prepared samples (`preparation.SIGNATURES`) → backbone → (adapter) → classifier → logits [B, L]."""

    def __init__(
        self, backbone: Backbone, adapter: Adapter | None, classifier: HeadLogits | ProbeLogits
    ) -> None:
        super().__init__()
        self.backbone, self.adapter, self.classifier = backbone, adapter, classifier

    def features(self, *inputs: Tensor) -> Tensor:
        """What the classifier reads, [B, M]."""
        features: Tensor = self.backbone(inputs)
        return features if self.adapter is None else self.adapter(features)

    def forward(self, *inputs: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.features(*inputs))
        return logits


def logit_head(heads: Heads) -> tuple[str, Head] | None:
    """The head that gives a model's logits, with the field that it is named by; None for a loss without logits."""
    for field, head in heads.heads.items():
        if isinstance(head, Head) and "logits" in head.gives:
            return field, head
    return None


def all_tensors(module: nn.Module) -> Tensors:
    """Every parameter and buffer by its name, those too that no `state_dict` has; shared ones once."""
    named = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    return {name: tensor.detach() for name, tensor in named.items()}


@torch.no_grad()
def put_in(module: nn.Module, tensors: Mapping[str, Tensor], where: str) -> None:
    """Copy tensors into the parameters and buffers of the same names. Raises DataError, of `where` they come from,
    unless names and shapes are the same on both sides."""
    own = all_tensors(module)
    odd = sorted(own.keys() ^ tensors.keys()) or [
        name for name, tensor in own.items() if tensor.shape != tensors[name].shape
    ]
    if odd:
        raise DataError(
            f"{where}: its weights are not those of this network ({len(odd)} differ, such as {odd[0]!r}); use the "
            "releases of timm and transformers that it names"
        )
    for name, tensor in own.items():
        tensor.copy_(tensors[name])
