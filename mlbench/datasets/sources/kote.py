"""KOTE: emotions of Korean online comments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.datasets.sources.parts.pinned import Repository
from mlbench.datasets.sources.parts.rows import dealt_by_letters
from mlbench.errors import DataError

LABELS = (
    *(
        "complaint",
        "welcome/goodwill",
        "touched/admiration",
        "fed up",
        "gratitude",
        "sadness",
        "anger",
        "respect",
    ),
    *("expectation", "arrogance/contempt", "pity/disappointment", "determination", "doubt/distrust", "pride"),
    *(
        "comfort",
        "interest",
        "caring",
        "embarrassment",
        "fear",
        "despair",
        "pathetic",
        "disgust",
        "irritation",
    ),
    *(
        "dumbfounded",
        "no emotion",
        "defeat/self-hatred",
        "laziness",
        "exhaustion",
        "excitement",
        "realization",
    ),
    *("guilt", "hatred", "fondness", "awkward/at a loss", "shock", "reluctance", "sorrow", "boredom"),
    *("compassion", "surprise", "happiness", "anxiety", "joy", "relief/trust"),
)
"""In the order of the repository's Korean list, which the files' numbers count from 0."""

REPOSITORY = Repository("searle-j/KOTE", "cafd2c3f54a6f4b25ac74eaa02a2e76c3ef8c977")
FILES = ("val.tsv", "test.tsv")


@register_dataset("kote")
class Kote(PublicSource):
    """Korean online comments with 43 emotions and "no emotion", several each."""

    fingerprint = "42e6c1f6ef4635db91e822e1cf0fa4b5"

    def card(self) -> Card:
        return Card(
            name="kote",
            modality="text",
            task="emotions of a Korean online comment (up to 43, five raters)",
            labels=44,
            sizes={"train": 6907, "validation": 1003, "test": 2090},
            cardinality=7.90,
            licence="MIT",
            citation="Jeon, Lee, Kim: User Guide for KOTE: Korean Online Comments Emotions Dataset, 2022",
            source=REPOSITORY.page,
            access="open",
            protocol="the 10,000 comments of the published validation and test parts, split anew by the MD5 of the "
            "text's letters",
            quirks=(
                "what five raters chose is put together: many labels a comment",
                "the published training part of 40,000 comments is not used: scores are not comparable with "
                "published ones",
                "labels are translated from Korean",
            ),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        return (
            REPOSITORY.file(
                "val.tsv", "c7d686ee1d63be7f57ec939f372ebdc4ada8eac1c9eeeeac207774976ab69a6e", 857_808
            ),
            REPOSITORY.file(
                "test.tsv", "8d8e11c5adf374f552cfbe6f2d7b9967e7335cc86c205beeefb6fd8c6ed9deb0", 843_078
            ),
        )

    def vocabulary(self, tree: Tree) -> Sequence[str]:
        return LABELS

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        return dealt_by_letters(_comments(tree))


def _comments(tree: Tree) -> Iterator[Sample]:
    """Lines of an id, a text and the labels' numbers."""
    for file in FILES:
        for number, line in enumerate(tree.lines(file), start=1):
            try:
                identity, text, numbers = line.split("\t")
                labels = [LABELS[int(place)] for place in numbers.split(",")]
            except (ValueError, IndexError):
                raise DataError(
                    f"{file}, line {number}: an id, a text and numbers from 0 to {len(LABELS) - 1} are needed"
                ) from None
            yield Sample(text.strip(), labels, identity)
