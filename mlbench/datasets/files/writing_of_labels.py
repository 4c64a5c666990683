"""How the labels of a table are written: what a user says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

WHOLE = "none"
"""The separator that says that a cell is one label as it stands."""

SEPARATORS = (";", "|", ",", "\t")
"""What people divide labels by."""


@dataclass(frozen=True)
class LabelWriting:
    """How the labels are written: what divides them, which names the places of multi-hot lists and class numbers have,
    and which words stand for a missing cell ("ask": raise where one occurs). `listed` are the labels of a card: such
    words are labels where they are among them, and they name the places of multi-hot lists of their number."""

    separator: str = ""
    label_names: Sequence[str] = ()
    na_values: Sequence[str] | Literal["ask"] = "ask"
    listed: Sequence[str] = ()

    @property
    def place_names(self) -> Sequence[str]:
        """The labels of multi-hot lists, by place."""
        return self.label_names or self.listed
