"""Which encoder a try takes: the best that this machine carries for what the data hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from mlbench.datasets.base import Dataset
from mlbench.suite.defaults import ENCODERS
from mlbench.tryout.carried import Carried, image_encoders, text_encoders

ENGLISH = {"the", "of", "and", "that", "for", "with", "it", "this", "you", "are", "have", "not", "but", "his", "her",
           "they", "from", "which", "will", "would", "there", "their", "what", "when", "has", "been", "were", "your",
           "about"}  # fmt: skip
"""Frequent English words that other languages in Latin letters hardly have."""
SHARE = 0.04
"""Of all words. Of 13 English corpora (papers, tweets, package and film descriptions, banking questions) 11 % and more
are of these; of German, Indonesian, Korean and Portuguese ones 0.2 % at most."""
LOOKED_AT = 500


@dataclass(frozen=True)
class EncoderChoice:
    """An encoder as a suite states it, why it was taken, and whether its weights come from the hub's cache."""

    value: str | dict[str, Any]
    why: str
    cached: bool = False

    @property
    def name(self) -> str:
        return self.value if isinstance(self.value, str) else str(self.value["name"])

    @property
    def frozen(self) -> bool:
        return not isinstance(self.value, str)


def choose_encoder(dataset: Dataset) -> EncoderChoice:
    """Frozen pretrained weights where they are on this machine and read these samples; else what needs none."""
    if dataset.modality == "features":
        return EncoderChoice("features", "the vectors are given; an adapter is trained on them")
    if dataset.modality == "image":
        return _frozen(image_encoders(), "image") or plain_encoder(
            dataset, "no weights of a timm model are here"
        )
    english = is_english(str(text) for text in dataset.train.inputs)
    found = [each for each in text_encoders() if english or each.many_languages]
    why = (
        "no sentence encoder is here"
        if english
        else "the texts are not English, and no encoder here reads them"
    )
    return _frozen(found, "text") or plain_encoder(dataset, why)


def plain_encoder(dataset: Dataset, why: str) -> EncoderChoice:
    """The one that needs no weights."""
    about = {
        "bag": "words and an embedding table, trained along",
        "conv": "a small network of convolutions, trained along",
    }
    name = ENCODERS[dataset.modality]
    return EncoderChoice(name, f"{why}: {about.get(name, 'trained along')}")


def _frozen(found: list[Carried], what: str) -> EncoderChoice | None:
    if not found:
        return None
    smallest = found[0]
    why = f"its weights are here; every {what} is encoded once, and an adapter is trained on the vectors"
    return EncoderChoice({"name": smallest.name, "frozen": True}, why, smallest.cached)


def is_english(texts: Iterable[str]) -> bool:
    """By the share of frequent English words in the first texts."""
    words = [word for text in islice(texts, LOOKED_AT) for word in re.findall(r"[^\W\d_]+", text.casefold())]
    return bool(words) and sum(word in ENGLISH for word in words) >= SHARE * len(words)
