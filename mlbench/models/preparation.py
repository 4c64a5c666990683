"""What happens to a new sample on its way to a trained network, as plain values: what an exported model carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

Kind = Literal["features", "words", "tokens", "pixels"]

SIGNATURES: Mapping[str, str] = {
    "features": "features float32 [B, D]",
    "words": "words int64 [B, T], weights float32 [B, T] (0 where a text has fewer than T words)",
    "tokens": "tokens int64 [B, T], mask bool [B, T] (False where a text has fewer than T tokens)",
    "pixels": "pixels uint8 [B, S, S, 3]",
}
"""What a network takes, by the kind of its inputs; the first axis is the batch."""


@dataclass(frozen=True)
class Preparation:
    """What an encoder that was fitted to a cell's rows does to any further sample.

    kind: what the network takes. settings: plain values, such as `size` or `max_length`, from which the encoder can
    build the network's shapes too. words: the vocabulary, in the order of its numbers, and `inverse` their inverse
    document frequencies [V]. files: those of a tokeniser and a network's configuration, by name. tensors: weights that
    the network needs and no backbone of a training holds, by the names that they have in `Encoder.bare`.
    """

    kind: Kind
    settings: Mapping[str, Any] = field(default_factory=dict)
    words: Sequence[str] = ()
    inverse: Tensor | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    tensors: Mapping[str, Tensor] = field(default_factory=dict)

    def tree(self) -> dict[str, Any]:
        """As nested dicts and lists of plain values and tensors."""
        return {
            "kind": self.kind,
            "settings": dict(self.settings),
            "words": list(self.words),
            "inverse": self.inverse,
            "files": {
                name: torch.frombuffer(bytearray(content), dtype=torch.uint8)
                for name, content in self.files.items()
            },
            "tensors": dict(self.tensors),
        }

    @classmethod
    def of(cls, tree: Mapping[str, Any]) -> Preparation:
        """What `tree` gave."""
        files = {name: content.numpy().tobytes() for name, content in tree["files"].items()}
        return cls(**{**tree, "files": files})
