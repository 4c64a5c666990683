"""UK-LEX: subjects of UK laws, in two sets of labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from mlbench.datasets.base import split_called
from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import need, read_json_lines
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset

LAST_TRAIN_YEAR, LAST_VALIDATION_YEAR = 2002, 2007


class UkLex(PublicSource):
    """One set of labels."""

    count: ClassVar[int]

    def card(self) -> Card:
        return Card(
            name=f"uklex{self.count}",
            modality="text",
            task="subjects of a UK law",
            labels=self.count,
            licence="Open Government Licence 3.0",
            citation="Chalkidis, Søgaard: Improved Multi-label Classification under Temporal Concept Drift, "
            "Findings of ACL 2022",
            source="https://zenodo.org/record/6355465",
            access="open",
            family="uklex",
            protocol="official split by date: about 20,000 / 8,500 / 8,500",
            quirks=(
                "the record says 36,500 laws and lists 37,000",
                "where a law does not say its split, it goes by its year: to 2002, to 2007, later",
            ),
        )

    def downloads(self) -> tuple[Download, ...]:
        name = f"uk-lex{self.count}.jsonl"
        return (Download(name, f"https://zenodo.org/records/6355465/files/{name}?download=1"),)

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        name = f"uk-lex{self.count}.jsonl"
        for number, row in enumerate(read_json_lines(tree, name)):
            text = "\n".join(str(row[key]) for key in ("title", "body") if row.get(key))
            labels = [str(label).strip() for label in need(row, "labels", name)]
            yield _split_of(row, name), Sample(text, labels, str(row.get("id", number)))


def _split_of(row: dict[str, Any], name: str) -> str:
    if row.get("data_type"):
        return split_called(str(row["data_type"]))
    year = int(need(row, "year", name))
    if year <= LAST_TRAIN_YEAR:
        return "train"
    return "validation" if year <= LAST_VALIDATION_YEAR else "test"


@register_dataset("uklex18")
class UkLex18(UkLex):
    """UK laws with 18 subjects."""

    count = 18


@register_dataset("uklex69")
class UkLex69(UkLex):
    """UK laws with 69 subjects."""

    count = 69
