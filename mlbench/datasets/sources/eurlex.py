"""MultiEURLEX, English: EUROVOC concepts of EU laws, at three levels of the thesaurus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import need, read_json_lines
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset

ARCHIVE = Download(
    "multi_eurlex.tar.gz",
    "https://huggingface.co/datasets/coastalcph/multi_eurlex/resolve/main/data/multi_eurlex.tar.gz",
    2_770_050_147,
    "sha256:3a2195bc01c7aea0e302bc7af94f2f55f0c15cdeabfe4e086c083196069a2e83",
)
FILES = {"train": "train.jsonl", "validation": "dev.jsonl", "test": "test.jsonl"}


class MultiEurlex(PublicSource):
    """One level of EUROVOC."""

    level: ClassVar[int]
    count: ClassVar[int]

    def card(self) -> Card:
        return Card(
            name=f"eurlex{self.count}",
            modality="text",
            task=f"EUROVOC concepts of an EU law, level {self.level}",
            labels=self.count,
            sizes={"train": 55000, "validation": 5000, "test": 5000},
            licence="CC BY-SA 4.0",
            citation="Chalkidis, Fergadiotis, Androutsopoulos: MultiEURLEX, EMNLP 2021",
            source="https://huggingface.co/datasets/coastalcph/multi_eurlex",
            access="open",
            family="eurlex",
            protocol="official split by date, English",
            quirks=(
                "long documents: thousands of words",
                "the archive holds 23 languages (2.8 GB), whatever language is read",
                "concepts are called by their EUROVOC numbers",
            ),
        )

    def downloads(self) -> tuple[Download, ...]:
        return (ARCHIVE,)

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        for split, file in FILES.items():
            for row in read_json_lines(tree, file):
                text = need(row, "text", file).get("en")
                if text:
                    concepts = need(need(row, "eurovoc_concepts", file), f"level_{self.level}", file)
                    yield split, Sample(text, list(map(str, concepts)), str(need(row, "celex_id", file)))


@register_dataset("eurlex21")
class Eurlex21(MultiEurlex):
    """EU laws with the 21 domains of EUROVOC."""

    level, count = 1, 21


@register_dataset("eurlex127")
class Eurlex127(MultiEurlex):
    """EU laws with 127 themes of EUROVOC."""

    level, count = 2, 127


@register_dataset("eurlex567")
class Eurlex567(MultiEurlex):
    """EU laws with 567 concepts of EUROVOC."""

    level, count = 3, 567
