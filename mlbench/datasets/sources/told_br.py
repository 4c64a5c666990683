"""ToLD-Br: kinds of toxicity in Brazilian Portuguese tweets."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import need, read_rows
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.datasets.sources.parts.pinned import Repository
from mlbench.datasets.sources.parts.rows import dealt_by_letters, one_line

LABELS = ("homophobia", "obscene", "insult", "racism", "misogyny", "xenophobia")
REPOSITORY = Repository("JAugusto97/ToLD-Br", "7804082d06a42b791c456b37a8a80ed9b731198c")
FILE = "ToLD-BR.csv"


@register_dataset("told_br")
class ToldBr(PublicSource):
    """Brazilian Portuguese tweets with six kinds of toxicity."""

    fingerprint = "512598b5c1d4d733e2b382be9b5bef16"

    def card(self) -> Card:
        return Card(
            name="told_br",
            modality="text",
            task="kinds of toxicity in a Brazilian Portuguese tweet",
            labels=6,
            sizes={"train": 14590, "validation": 2126, "test": 4097},
            cardinality=0.58,
            licence="CC BY-SA 4.0",
            citation="Leite, Silva, Bontcheva, Scarton: Toxic Language Detection in Social Media for Brazilian "
            "Portuguese, AACL 2020",
            source=REPOSITORY.page,
            access="open",
            protocol="of tweets with the same text the first; split by the MD5 of the text's letters",
            quirks=(
                "offensive language",
                "56 % of the rows have no label",
                "a label stands where one of three annotators chose it: the broadest reading",
            ),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        checksum = "a905b90d5886b9c80d737aa26c41dd29077155f23b9b857080634a78f8203c90"
        return (REPOSITORY.file(FILE, checksum, 2_430_416),)

    def vocabulary(self, tree: Tree) -> Sequence[str]:
        return LABELS

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        return dealt_by_letters(_tweets(tree))


def _tweets(tree: Tree) -> Iterator[Sample]:
    """The file's rows; its columns count the annotators that chose a label."""
    for number, row in enumerate(read_rows(tree, FILE)):
        labels = [label for label in LABELS if float(need(row, label, FILE)) > 0]
        yield Sample(
            one_line(html.unescape(need(row, "text", FILE)).replace("\ufffd", "")), labels, str(number)
        )
