"""GermEval 2021: toxic, engaging and fact-claiming German comments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import need, read_rows
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.datasets.sources.parts.pinned import Repository
from mlbench.datasets.sources.parts.rows import held_out_by_letters, kept_once

COLUMNS = {"Sub1_Toxic": "toxic", "Sub2_Engaging": "engaging", "Sub3_FactClaiming": "fact-claiming"}
REPOSITORY = Repository("germeval2021toxic/SharedTask", "fa5dca397aed0556703dd9550ac7380b9e6c3297")
FILES = {"test": "GermEval21_TestData.csv", "train": "GermEval21_TrainData.csv"}


@register_dataset("germeval21")
class GermEval21(PublicSource):
    """Comments on the page of a German talk show: toxic, engaging, fact-claiming."""

    fingerprint = "518101aa5f6a38885652f5ca6eaba4a0"

    def card(self) -> Card:
        return Card(
            name="germeval21",
            modality="text",
            task="toxic, engaging and fact-claiming German comments",
            labels=3,
            sizes={"train": 2899, "validation": 323, "test": 942},
            cardinality=0.96,
            licence="not stated in the repository; the shared task published the data as CC BY-SA 4.0",
            citation="Risch, Stoll, Wilms, Wiegand: Overview of the GermEval 2021 Shared Task on the Identification "
            "of Toxic, Engaging, and Fact-Claiming Comments, 2021",
            source=REPOSITORY.page,
            access="open",
            protocol="official test; repeated comments kept in test; validation is the tenth of train that the MD5 of "
            "the text's letters chooses",
            quirks=("33 % of the rows have no label", "comments of 2019 train, those of 2020 test"),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        checksums = {
            "test": ("3831535f1bdd95ad61929976a267fe274c15e7486aad564279ebd5de9e4df89f", 209_181),
            "train": ("4ffb1f9a499193d499192c8614add7ccef7ff02b835c256925bc319ba16358e3", 661_993),
        }
        return tuple(REPOSITORY.file(f"Data Sets/{FILES[part]}", *checksums[part]) for part in FILES)

    def vocabulary(self, tree: Tree) -> Sequence[str]:
        return tuple(COLUMNS.values())

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        for part, sample in kept_once({part: _comments(tree, part) for part in FILES}):
            yield "test" if part == "test" else held_out_by_letters(str(sample.input)), sample


def _comments(tree: Tree, part: str) -> Iterator[Sample]:
    file = FILES[part]
    for row in read_rows(tree, file):
        labels = [label for column, label in COLUMNS.items() if need(row, column, file) == "1"]
        text = need(row, "comment_text", file).strip()
        yield Sample(text, labels, f"{part}-{need(row, 'comment_id', file)}")
