"""SemEval-2018 task 1 E-c, English: emotions of tweets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import need, read_rows
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.errors import DataError

LABELS = (
    *("anger", "anticipation", "disgust", "fear", "joy", "love", "optimism", "pessimism", "sadness"),
    *("surprise", "trust"),
)
FILES = {
    "train": "2018-E-c-En-train.txt",
    "validation": "2018-E-c-En-dev.txt",
    "test": "2018-E-c-En-test-gold.txt",
}


@register_dataset("semeval2018_ec")
class SemEval2018(PublicSource):
    """Tweets with 11 emotions."""

    def card(self) -> Card:
        return Card(
            name="semeval2018_ec",
            modality="text",
            task="emotions of a tweet",
            labels=11,
            sizes={"train": 6838, "validation": 886, "test": 3259},
            cardinality=2.4,
            licence="research only, not to be redistributed",
            citation="Mohammad, Bravo-Marquez, Salameh, Kiritchenko: SemEval-2018 Task 1: Affect in Tweets",
            source="https://competitions.codalab.org/competitions/17751",
            access="request",
            protocol="official split",
            quirks=("3 % of the tweets have no label, and are kept",),
        )

    def downloads(self) -> tuple[Download, ...]:
        note = f"get SemEval2018-Task1-all-data.zip from the owners ({self.card().source})"
        return (Download("SemEval2018-Task1-all-data.zip", None, note=note),)

    def vocabulary(self, tree: Tree) -> Sequence[str]:
        return LABELS

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        for split, file in FILES.items():
            for row in read_rows(tree, file, delimiter="\t", quoted=False):
                marks = {label: need(row, label, file).strip() for label in LABELS}
                if set(marks.values()) - {"0", "1"}:
                    raise DataError(
                        f"{file}, tweet {row.get('ID')}: its labels are hidden; the gold file is needed"
                    )
                yield (
                    split,
                    Sample(
                        need(row, "Tweet", file), [name for name in LABELS if marks[name] == "1"], row["ID"]
                    ),
                )
