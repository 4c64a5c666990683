"""`synthetic-topics`: documents whose words follow a known law.

Every label has words of its own, and a document of it holds Poisson(STRENGTH · (1 − noise)) of them; words of
a label also stray into any document, Poisson(STRENGTH · noise · STRAY · p_l), and a document has common words
that say nothing. How often a label's words occur is therefore all that a document says of it, and

    evidence_l = n_l · log((a + b_l) / b_l) − a,    a = STRENGTH · (1 − noise),  b_l the strays' rate,

is exact, so that P(y | x) and the Bayes ceiling are too.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from mlbench.datasets.base import Inputs
from mlbench.datasets.cards import Modality
from mlbench.datasets.source import register_dataset
from mlbench.datasets.synthetic.family import SyntheticSettings, SyntheticSource
from mlbench.datasets.synthetic.label_model import LabelModel, Matrix, chunks
from mlbench.errors import ConfigError

STRENGTH = 4.0
STRAY = 4.0
WORDS_PER_LABEL = 4
COMMON_WORDS, COMMON_LENGTH = 400, 20.0
CONSONANTS, VOWELS = "bdfgklmnprstvz", "aeiou"


@register_dataset("synthetic-topics")
class SyntheticTopics(SyntheticSource):
    """Documents of made-up words with a known law of words and labels, and so a known Bayes ceiling."""

    modality: Modality = "text"
    family = "synthetic-topics"
    task = "topics of a made-up document"

    def __init__(
        self,
        samples: int = 6000,
        labels: int = 20,
        cardinality: float = 2.5,
        imbalance: float = 1.0,
        dependence: float = 0.5,
        groups: int = 6,
        noise: float = 0.3,
        missing: float = 0.0,
        flip: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.settings = SyntheticSettings(
            samples, labels, cardinality, imbalance, dependence, groups, noise, missing, flip, seed
        )
        self.settings.check(self.family)
        if not 0 < noise <= 1:
            raise ConfigError(f"{self.family}: noise must be in (0, 1], not {noise}")

    def draw_inputs(
        self, targets: npt.NDArray[np.uint8], model: LabelModel, generator: np.random.Generator
    ) -> tuple[Inputs, Matrix]:
        own = STRENGTH * (1 - self.settings.noise)
        stray = STRENGTH * self.settings.noise * STRAY * model.frequency
        counts = np.empty(targets.shape, np.int16)
        for rows in chunks(*targets.shape):
            counts[rows] = generator.poisson(targets[rows] * own + stray)
        evidence: Matrix = counts.astype(np.float64) * np.log1p(own / stray) - own
        return _write(counts, generator), evidence


def _write(counts: npt.NDArray[np.int16], generator: np.random.Generator) -> list[str]:
    """Documents with `counts` words of each label, common words between them, in any order."""
    documents, labels = counts.shape
    row, label = np.nonzero(counts)
    times = counts[row, label]
    row, label = np.repeat(row, times), np.repeat(label, times)
    said = label * WORDS_PER_LABEL + _zipf(WORDS_PER_LABEL, len(row), generator)
    lengths = 1 + np.asarray(generator.poisson(COMMON_LENGTH - 1, documents))
    common = labels * WORDS_PER_LABEL + _zipf(COMMON_WORDS, int(lengths.sum()), generator)
    row = np.concatenate([row, np.repeat(np.arange(documents), lengths)])
    word = np.concatenate([said, common])
    order = np.lexsort((generator.random(len(row)), row))
    spoken = _vocabulary(labels * WORDS_PER_LABEL + COMMON_WORDS)[word[order]]
    bounds = np.searchsorted(row[order], np.arange(documents + 1))
    return [" ".join(spoken[start:end]) for start, end in pairwise(bounds)]


def _zipf(words: int, count: int, generator: np.random.Generator) -> npt.NDArray[np.int64]:
    """`count` draws of 0 … words − 1 with probability ∝ 1 / (rank + 1)."""
    weight = np.cumsum(1.0 / (1 + np.arange(words)))
    return np.searchsorted(weight / weight[-1], generator.random(count), side="right")


def _vocabulary(size: int) -> npt.NDArray[np.object_]:
    """`size` different words that can be said."""
    syllables = [consonant + vowel for consonant in CONSONANTS for vowel in VOWELS]
    base = len(syllables)
    numbers = (np.arange(size) * 7919 + 12345) % base**3
    parts = (numbers // base**2, numbers // base % base, numbers % base)
    return np.array(
        ["".join(syllables[part] for part in three) for three in zip(*parts, strict=True)], object
    )
