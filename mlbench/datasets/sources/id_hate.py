"""Hate speech and abuse in Indonesian tweets: kind, target, category and level."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator, Sequence

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import need, rows_of
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.datasets.sources.parts.pinned import Repository
from mlbench.datasets.sources.parts.rows import dealt_by_letters, one_line

LABELS = (
    *("HS", "Abusive", "HS_Individual", "HS_Group", "HS_Religion", "HS_Race", "HS_Physical", "HS_Gender"),
    *("HS_Other", "HS_Weak", "HS_Moderate", "HS_Strong"),
)
REPOSITORY = Repository(
    "okkyibrohim/id-multi-label-hate-speech-and-abusive-language-detection",
    "be98de98e974b65838d2b5145ee2c89e9bf53a6b",
)
FILE = "re_dataset.csv"
ESCAPED = re.compile(r"\\n|(\\x[0-9a-f]{2})+|\ufffd")
"""Line ends and bytes that stand as escapes in the file, and bytes of it that are no text."""


@register_dataset("id_hate")
class IndonesianHate(PublicSource):
    """Indonesian tweets with hate speech, its target, category and level, and abuse."""

    fingerprint = "da5058f019f64487994cb67d4f85725d"

    def card(self) -> Card:
        return Card(
            name="id_hate",
            modality="text",
            task="hate speech and abuse in an Indonesian tweet: kind, target and level",
            labels=12,
            sizes={"train": 9139, "validation": 1263, "test": 2598},
            cardinality=2.09,
            licence="CC BY-NC-SA 4.0",
            citation="Ibrohim, Budi: Multi-label Hate Speech and Abusive Language Detection in Indonesian Twitter, "
            "Workshop on Abusive Language Online 2019",
            source=REPOSITORY.page,
            access="open",
            protocol="of tweets with the same text the first; split by the MD5 of the text's letters",
            quirks=(
                "offensive language",
                "44 % of the rows have no label",
                "labels are partly a hierarchy: HS with one of two targets, one of three levels and some categories",
            ),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        checksum = "44c04e31ad4b7ee4a95f1884e7af4da2c44b69762143eb2de0ede7f90502735e"
        return (REPOSITORY.file(FILE, checksum, 1_858_473),)

    def vocabulary(self, tree: Tree) -> Sequence[str]:
        return LABELS

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        return dealt_by_letters(_tweets(tree))


def _tweets(tree: Tree) -> Iterator[Sample]:
    content = tree.read(tree.find(FILE)).decode("utf-8", errors="replace")
    for number, row in enumerate(rows_of(io.StringIO(content), FILE)):
        labels = [label for label in LABELS if need(row, label, FILE) == "1"]
        yield Sample(_clean(need(row, "Tweet", FILE)), labels, str(number))


def _clean(tweet: str) -> str:
    """Without escapes, and without the quote that was left at its end; entities were escaped twice in places."""
    text = one_line(html.unescape(html.unescape(ESCAPED.sub(" ", tweet))))
    return text.removesuffix("'").strip()
