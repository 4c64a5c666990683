"""What a suite need not say: seeds, fractions, losses, and the encoder of each dataset.

They stand in a suite as if they had been written there: a cell under a default is the same cell as one whose suite
spells it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlbench.code.declarations import Declaration
from mlbench.errors import ConfigError
from mlbench.plain_text import parse_toml
from mlbench.registry import DATASETS

SEEDS = (0, 1, 2)
"""Three: two say little of how far seeds move a score."""

FRACTIONS = (1.0,)

LOSSES = ("bce", "asl", "zlpr", "db_focal", "two_way", "supcon")
"""One of each kind, since losses of a kind come out alike: bce, the control, which treats every entry alike; asl, of
the focal kind, which damps easy negatives (focal is asl with other constants); zlpr, which compares a row's labels with
each other and has no constant to set; db_focal, which weighs by how rare a label is; two_way, which compares labels of
a row and rows of a label; supcon, which trains the representation alone. In this order a small budget keeps them."""

ENCODERS = {"text": "bag", "image": "conv", "features": "features"}
"""By what a dataset holds: those that need no weights and train on a laptop."""


def encoder_of(declared: Declaration, parameters: Mapping[str, Any], where: str) -> str:
    """The encoder of a dataset whose suite names none. Raises ConfigError where only its files tell what it holds."""
    modality = _modality(declared, parameters)
    if modality not in ENCODERS:
        choices = ", ".join(f'"{encoder}" for {kind}' for kind, encoder in ENCODERS.items())
        raise ConfigError(
            f"{where}: 'encoder' is missing, and nothing here says what the data hold; name the input column by "
            f"`text`, `image` or `features`, or the encoder: {choices}"
        )
    return ENCODERS[modality]


def _modality(declared: Declaration, parameters: Mapping[str, Any]) -> str:
    if declared.origin == "folder":
        try:
            return str(parse_toml(declared.file.read_text(encoding="utf-8")).get("modality", ""))
        except (OSError, ValueError):
            return ""  # reading the data says what is wrong with the card
    source: Any = DATASETS.build(declared.name, **parameters)
    return source.known_modality() or ""
