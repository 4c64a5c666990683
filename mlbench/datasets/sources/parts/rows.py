"""Rows of public sources: texts put on one line, equal rows found, all dealt to splits by what they hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.readers import hash_share, split_by_hash

NOT_SAID = re.compile(r"\bhttps?\S*|@?\buser\b|\burl\b|\brt\b")
"""Links, names that were replaced, and the mark of a repeated tweet: what differs between copies of one text."""
NO_LETTERS = re.compile(r"[\W\d_]+")


def one_line(text: str) -> str:
    """The text with every run of white space made one space, none at its ends."""
    return " ".join(text.split())


def letters(text: str) -> str:
    """The letters of a text in lower case, links and replaced names aside; the whole text where it has none."""
    lower = text.lower()
    return NO_LETTERS.sub("", NOT_SAID.sub(" ", lower)) or lower


def split_by_letters(text: str) -> str:
    """Train (70 %), validation (10 %) or test (20 %): copies of one text come into the same split."""
    return split_by_hash(letters(text))


def held_out_by_letters(text: str) -> str:
    """Validation (10 %) or train: for sets that have a test split of their own."""
    return "validation" if hash_share(letters(text)) < 10 else "train"


def kept_once(parts: Mapping[str, Iterable[Sample]]) -> Iterator[tuple[str, Sample]]:
    """(split, sample) pairs of published splits, given in the order in which a text is to be kept: of the same text
    the first, and nothing that says in the same letters what an earlier split says."""
    seen: set[str] = set()
    said: set[str] = set()
    for split, samples in parts.items():
        here: set[str] = set()
        for sample in samples:
            text = str(sample.input)
            whole, bare = one_line(text).lower(), letters(text)
            if whole not in seen and bare not in said:
                seen.add(whole)
                here.add(bare)
                yield split, sample
        said |= here


def first_of_each_text(samples: Iterable[Sample]) -> Iterator[Sample]:
    """Of samples with the same text, white space and case aside, the first."""
    return (sample for _, sample in kept_once({"": samples}))


def dealt_by_letters(samples: Iterable[Sample]) -> Iterator[tuple[str, Sample]]:
    """(split, sample) pairs of a set without splits: of the same text the first, its split by the text's letters."""
    return ((split_by_letters(str(sample.input)), sample) for sample in first_of_each_text(samples))


def values_of(vector: Sequence[float]) -> bytes:
    """The same for vectors that are the same to float32, which is what is kept of them."""
    return np.asarray(vector, dtype="<f4").tobytes()


def held_out_by_values(vector: Sequence[float]) -> str:
    """Validation (10 %) or train, by the MD5 of the numbers as Python writes their list."""
    return "validation" if hash_share(str(list(vector))) < 10 else "train"
