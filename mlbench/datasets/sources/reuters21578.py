"""Reuters-21578: topics of newswire stories, ModApte split."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from mlbench.datasets.cards import Card, ReferenceScore
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.errors import DataError

STORY = re.compile(r"<REUTERS(?P<head>[^>]*)>(?P<body>.*?)</REUTERS>", re.DOTALL)
ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
TOPICS, TOPIC = re.compile(r"<TOPICS>(.*?)</TOPICS>", re.DOTALL), re.compile(r"<D>(.*?)</D>")
PARTS = {"TRAIN": "train", "TEST": "test"}


@register_dataset("reuters21578")
class Reuters21578(PublicSource):
    """Newswire stories with 90 topics (ModApte)."""

    def card(self) -> Card:
        return Card(
            name="reuters21578",
            modality="text",
            task="topics of a newswire story",
            labels=90,
            sizes={"test": 3019},
            cardinality=1.24,
            licence="free for research only (Reuters Ltd, Carnegie Group)",
            citation="D. D. Lewis: Reuters-21578 text categorization test collection, Distribution 1.0, 1997",
            source="https://archive.ics.uci.edu/dataset/137",
            access="open",
            protocol="ModApte, the 90 topics with a training and a test document; validation cut from the "
            "7,770 training documents (10 %, stratified, fixed seed)",
            quirks=(
                "some topics have one training document",
                "3 texts occur in both official splits, and are kept",
                "the prepared copy took one of its 22 files from another edition: its text may differ in places",
            ),
            reference=(
                ReferenceScore(
                    "TF-IDF of words and pairs, one-vs-rest logistic regression",
                    {"map": 0.6752, "f1_micro@0.5": 0.7956},
                ),
            ),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        return (
            Download(
                "reuters21578.tar.gz", "https://kdd.ics.uci.edu/databases/reuters21578/reuters21578.tar.gz"
            ),
        )

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        stories = list(self._stories(tree))
        topics = {
            split: {topic for part, _, found in stories if part == split for topic in found}
            for split in PARTS.values()
        }
        kept = topics["train"] & topics["test"]
        for split, sample, found in stories:
            labels = [topic for topic in found if topic in kept]
            if labels:
                yield split, Sample(sample.input, labels, sample.id)

    def _stories(self, tree: Tree) -> Iterator[tuple[str, Sample, list[str]]]:
        """Every story of the ModApte split: LEWISSPLIT says which part, TOPICS="YES" that it was indexed."""
        files = sorted(tree.by_file_name(".sgm").values())
        if not files:
            raise DataError("reuters21578: no file reut2-000.sgm … reut2-021.sgm is among the files given")
        for file in files:
            content = tree.read(file).decode("latin-1")
            for match in STORY.finditer(content):
                head = dict(ATTRIBUTE.findall(match["head"]))
                if head.get("TOPICS") != "YES" or head.get("LEWISSPLIT") not in PARTS:
                    continue
                listed = TOPICS.search(match["body"])
                found = TOPIC.findall(listed[1]) if listed else []
                sample = Sample(_text_of(match["body"]), (), head["NEWID"])
                yield PARTS[head["LEWISSPLIT"]], sample, found


def _text_of(story: str) -> str:
    """A story's title and body; what it has instead of a body where it has none."""
    parts = [re.search(rf"<{tag}>(.*?)</{tag}>", story, re.DOTALL) for tag in ("TITLE", "BODY")]
    text = "\n".join(part[1] for part in parts if part)
    if parts[1] is None:
        whole = re.search(r"<TEXT[^>]*>(.*?)</TEXT>", story, re.DOTALL)
        text = re.sub(r"<[^>]*>", " ", whole[1]) if whole else text
    return html.unescape(text).replace("\x02", "").replace("\x03", "").strip()
