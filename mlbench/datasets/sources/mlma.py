"""MLMA: hate speech in English, French and Arabic tweets, seen from several sides."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import need, read_rows
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.datasets.sources.parts.pinned import Repository
from mlbench.datasets.sources.parts.rows import first_of_each_text, split_by_letters

REPOSITORY = Repository("HKUST-KnowComp/MLMA_hate_speech", "479836984aebfbd8a0270ca92018980f745e4c44")
FILES = {"en": "en_dataset_with_stop_words.csv", "fr": "fr_dataset.csv", "ar": "ar_dataset.csv"}
SIDES = {"sentiment": "tone", "annotator_sentiment": "felt", "directness": "directness", "target": "target"}
"""The file's columns, and what their values are called here; several values of one are divided by `_`."""

SEVERAL = ("sentiment", "annotator_sentiment")
FEWEST = 30
"""A value on fewer tweets is left out."""


@register_dataset("mlma")
class Mlma(PublicSource):
    """Tweets in three languages with the tone, the target, and what the annotator felt."""

    fingerprint = "0413f10b92382ad966895834dcec72a5"

    def card(self) -> Card:
        return Card(
            name="mlma",
            modality="text",
            task="tone, target and felt emotion of a tweet in English, French or Arabic",
            labels=21,
            sizes={"train": 9131, "validation": 1286, "test": 2557},
            cardinality=5.57,
            licence="MIT",
            citation="Ousidhoum, Lin, Zhang, Song, Yeung: Multilingual and Multi-Aspect Hate Speech Analysis, "
            "EMNLP 2019",
            source=REPOSITORY.page,
            access="open",
            protocol="of tweets with the same text the first; split by the MD5 of the text's letters",
            quirks=(
                "offensive language",
                "labels of crowd workers are noisy: what they felt differs from one to the next",
                "an id starts with the language",
            ),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        checksum = "56db7efb1b64a2570f63d0cdb48d119c5e32eccff13f3c22bf17a4331956dc43"
        return (REPOSITORY.file("hate_speech_mlma.zip", checksum, 726_706),)

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        tweets = list(first_of_each_text(_tweets(tree)))
        counts = Counter(label for tweet in tweets for label in tweet.labels)
        for tweet in tweets:
            labels = [label for label in tweet.labels if counts[label] >= FEWEST]
            yield split_by_letters(str(tweet.input)), Sample(tweet.input, labels, tweet.id)


def _tweets(tree: Tree) -> Iterator[Sample]:
    for language, file in FILES.items():
        for row in read_rows(tree, file):
            values = {
                (side, value)
                for column, side in SIDES.items()
                for cell in [need(row, column, file)]
                for value in (cell.split("_") if column in SEVERAL else [cell])
            }
            labels = sorted(f"{side}: {value}" for side, value in values if value)
            text = html.unescape(html.unescape(need(row, "tweet", file))).strip()
            yield Sample(text, labels, f"{language}-{need(row, 'HITId', file)}")
