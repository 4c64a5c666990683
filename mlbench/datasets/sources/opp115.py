"""OPP-115: data practices named in segments of privacy policies."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import grouped
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.datasets.sources.parts.pinned import Repository
from mlbench.datasets.sources.parts.rows import kept_once
from mlbench.errors import DataError

LABELS = (
    *("First Party Collection/Use", "Third Party Sharing/Collection", "Introductory/Generic"),
    *("User Choice/Control", "International and Specific Audiences", "Data Security"),
    *(
        "Privacy contact information",
        "User Access, Edit and Deletion",
        "Practice not covered",
        "Policy Change",
    ),
    *("Data Retention", "Do Not Track"),
)
REPOSITORY = Repository("SmartDataAnalytics/Polisis_Benchmark", "4e42f557c9937ca3f0536736f435a80f476213ef")
PARTS = ("test", "validation", "train")
"""In the order in which a repeated segment is kept."""

SHORTEST = 10
"""A text of fewer characters is not a segment: a spreadsheet spoilt it."""

FILES = """
train_dataset.csv 1362867 e1b9d0dec0a9612dad063a40923eca535f0f4dea7a0cfab3566a4bb3e0b90a81
validation_dataset.csv 339205 66ce7e7216825d2441536a05cf64339e5307941dc2a870b2bc14b3a027ee6f17
test_dataset.csv 413358 c7936096dd540273007b05a71c540fac3b6cc931686501ea17567d92b93d7443
"""


@register_dataset("opp115")
class Opp115(PublicSource):
    """Segments of 115 privacy policies with the data practices that they name."""

    fingerprint = "f3746bbb06d97b55b5a7c24de379e438"

    def card(self) -> Card:
        return Card(
            name="opp115",
            modality="text",
            task="data practices named in a segment of a privacy policy",
            labels=12,
            sizes={"train": 2150, "validation": 542, "test": 697},
            cardinality=1.19,
            licence="CC BY-NC (OPP-115); research, teaching and scholarship",
            citation="Wilson et al.: The Creation and Analysis of a Website Privacy Policy Corpus, ACL 2016",
            source=REPOSITORY.page,
            access="open",
            protocol="the published split of the Polisis benchmark, categories on which two annotators agree; "
            "segments that repeat kept once, in test first",
            quirks=(
                "few segments have two labels",
                "the files have a line for each pair of segment and category",
            ),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        return REPOSITORY.files("datasets/Majority", FILES)

    def vocabulary(self, tree: Tree) -> Sequence[str]:
        return LABELS

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        yield from kept_once({part: _segments(tree, part) for part in PARTS})


def _segments(tree: Tree, part: str) -> Iterator[Sample]:
    file = f"{part}_dataset.csv"
    pairs = []
    reader = csv.reader(tree.lines(file))
    for cells in reader:
        if len(cells) != 2:
            raise DataError(f"{file}, line {reader.line_num}: a segment and a category are needed")
        text = cells[0].strip()
        if len(text) >= SHORTEST and text != "#NAME?":
            pairs.append((text, cells[1].strip()))
    for number, (text, labels) in enumerate(grouped(pairs).items()):
        yield Sample(text, labels, f"{part}-{number}")
