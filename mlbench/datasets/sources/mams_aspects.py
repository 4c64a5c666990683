"""MAMS: aspects of a restaurant and their sentiment, in one sentence."""

from __future__ import annotations

from collections.abc import Iterator

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import need, parse_xml
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.datasets.sources.parts.pinned import Repository
from mlbench.datasets.sources.parts.rows import kept_once

REPOSITORY = Repository("siat-nlp/MAMS-for-ABSA", "cddcdb0f423b3fdb2c76b70744737abed3a00d17")
PARTS = {"test": "test.xml", "validation": "val.xml", "train": "train.xml"}
"""Our split -> its file, in the order in which a repeated sentence is kept."""

FILES = """
train.xml 1081235 24c6a1a9f769ec5a9a1fc9a63077001339cec65317e3e72cf053d8055ec5f1ac
val.xml 135397 d4536b0ced8e77f53f88ff1835fcf561e0de02e41a509982f76eb9b8a375b2ed
test.xml 136615 cc0dc3c5b711653daa9ac886c6517d3ebf8752954b73715692d7765fec4a57f5
"""


@register_dataset("mams_aspects")
class MamsAspects(PublicSource):
    """Sentences of restaurant reviews with at least two aspects of unlike sentiment."""

    fingerprint = "4f1530d81db439d0aaba90162574180d"

    def card(self) -> Card:
        return Card(
            name="mams_aspects",
            modality="text",
            task="aspect and its sentiment in a sentence of a restaurant review",
            labels=24,
            sizes={"train": 3149, "validation": 400, "test": 400},
            cardinality=2.25,
            licence="Apache-2.0 (repository); sentences of the Citysearch New York corpus",
            citation="Jiang, Chen, Xu, Ao, Yang: A Challenge Dataset and Effective Models for Aspect-Based Sentiment "
            "Analysis, EMNLP 2019",
            source=REPOSITORY.page,
            access="open",
            protocol="official splits",
            quirks=(
                "a label is an aspect with its sentiment; a sentence has two or more that differ, so a bag of words "
                "does poorly",
            ),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        return REPOSITORY.files("data/MAMS-ACSA/raw", FILES)

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        yield from kept_once({split: _sentences(tree, split, file) for split, file in PARTS.items()})


def _sentences(tree: Tree, split: str, file: str) -> Iterator[Sample]:
    root = parse_xml(tree.read(tree.find(file)), file)
    for number, sentence in enumerate(root.iter("sentence")):
        labels = sorted(
            {
                f"{need(said.attrib, 'category', file)}: {need(said.attrib, 'polarity', file)}"
                for said in sentence.iter("aspectCategory")
            }
        )
        yield Sample((sentence.findtext("text") or "").strip(), labels, f"{split}-{number}")
