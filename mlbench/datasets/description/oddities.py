"""What is rarely meant to be so: numbers as texts, a label that is always on, features that say nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from mlbench.datasets.base import Dataset

LOOKED_AT = 20_000
"""Inputs that are looked at: the first ones of the training split."""
NUMBER = re.compile(r"\s*[-+]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][-+]?\d+)?\s*")
MOSTLY = 0.9
"""The share of texts from which on they are said to be numbers or ids."""
HUGE = 1e6
SHOWN = 5


def find_oddities(dataset: Dataset) -> Iterator[str]:
    """A sentence each."""
    always = [
        label
        for label, count in zip(dataset.labels, dataset.label_counts["train"], strict=True)
        if count == len(dataset.train) > 1
    ]
    if always:
        yield f"labels on in every row of train: {_shown(always)}; nothing is learnt of them"
    inputs = dataset.train.inputs
    if dataset.modality == "text":
        yield from _of_texts([str(text) for text in inputs[:LOOKED_AT]])
    elif dataset.modality == "features":
        yield from _of_features(np.asarray(inputs[:LOOKED_AT]))
    names = [label for label in dataset.labels if not label.isprintable()]
    if names:
        yield f"labels with characters that do not print: {_shown(names)}"


def _of_texts(texts: Sequence[str]) -> Iterator[str]:
    given = [text for text in texts if text.strip()]
    if not given:
        return
    numbers = [text for text in given if NUMBER.fullmatch(text)]
    words = [text for text in given if len(text.split()) == 1]
    if len(numbers) >= MOSTLY * len(given):
        yield f"{len(numbers):,} of {len(given):,} texts are numbers, such as {numbers[0]!r:.40}: the right column?"
    elif len(words) >= MOSTLY * len(given) and len(set(words)) == len(words) > 20:
        yield (
            f"{len(words):,} of {len(given):,} texts are one word, none of them twice, such as {words[0]!r:.40}: ids?"
        )
    odd = [text for text in given if "\0" in text]
    if odd:
        yield f"texts with NUL characters: {len(odd):,}, such as {odd[0]!r:.60}"


def _of_features(vectors: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Iterator[str]:
    constant = np.flatnonzero(vectors.max(axis=0) == vectors.min(axis=0))
    if len(constant) and len(vectors) > 1:
        yield f"features that are the same in every row of train: {_places(constant)}"
    huge = np.flatnonzero(np.abs(vectors).max(axis=0) > HUGE)
    if len(huge):
        yield (
            f"features beyond ±{HUGE:,.0f}: {_places(huge)}; ids and times are none, others learn better near 1"
        )


def _places(found: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> str:
    shown = ", ".join(f"number {place}" for place in found[:SHOWN])
    return f"{len(found)} of them ({shown}{', …' * (len(found) > SHOWN)})"


def _shown(names: Sequence[str]) -> str:
    return ", ".join(f"{name!r:.40}" for name in names[:SHOWN]) + ", …" * (len(names) > SHOWN)
