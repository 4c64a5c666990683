"""AAPD: subjects of computer-science abstracts."""

from __future__ import annotations

from collections.abc import Iterator

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.errors import DataError

PARTS = {"train": ("train", "train"), "validation": ("val", "dev"), "test": ("test", "test")}
"""Split -> its name in the authors' files and in those of hedwig."""


@register_dataset("aapd")
class Aapd(PublicSource):
    """Abstracts of arXiv with 54 subjects."""

    def card(self) -> Card:
        return Card(
            name="aapd",
            modality="text",
            task="subjects of a computer-science abstract",
            labels=54,
            sizes={"train": 53840, "validation": 1000, "test": 1000},
            cardinality=2.41,
            licence="not stated (abstracts of arXiv)",
            citation="Yang, Sun, Li, Ma, Wu, Wang: SGM: Sequence Generation Model for Multi-label Classification, "
            "COLING 2018",
            source="https://github.com/lancopku/SGM; https://github.com/castorini/hedwig-data",
            access="by hand",
            protocol="the authors' split",
            quirks=(
                "cs.IT and math.IT, cs.NA and math.NA are aliases: perfectly correlated",
                "the files of hedwig give the labels without names: they are called label00 … label53",
            ),
        )

    def downloads(self) -> tuple[Download, ...]:
        note = (
            "get the authors' files (text_train, label_train, text_val, …: the folder linked from "
            "github.com/lancopku/SGM) or those of hedwig-data (aapd_train.tsv, aapd_dev.tsv, aapd_test.tsv)"
        )
        return (Download("aapd", None, note=note),)

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        read = _read_authors if tree.has("text_train") else _read_hedwig
        for split, names in PARTS.items():
            for number, (text, labels) in enumerate(read(tree, *names)):
                yield split, Sample(text, labels, str(number))


def _read_authors(tree: Tree, name: str, _: str) -> Iterator[tuple[str, list[str]]]:
    """One abstract a line, and its subjects, divided by spaces, on the same line of another file."""
    texts, labels = tree.text(f"text_{name}").splitlines(), tree.text(f"label_{name}").splitlines()
    if len(texts) != len(labels):
        raise DataError(f"text_{name} has {len(texts)} lines, label_{name} {len(labels)}")
    for text, line in zip(texts, labels, strict=True):
        yield text.strip(), line.split()


def _read_hedwig(tree: Tree, _: str, name: str) -> Iterator[tuple[str, list[str]]]:
    """A string of 0 and 1, a tab, and the abstract."""
    file = f"aapd_{name}.tsv"
    for number, line in enumerate(tree.lines(file), start=1):
        marks, tab, text = line.partition("\t")
        if not tab or set(marks) - {"0", "1"}:
            raise DataError(
                f"{file}, line {number}: 0s and 1s, a tab and the text are needed, not {line!r:.60}"
            )
        yield text.strip(), [f"label{place:02}" for place, mark in enumerate(marks) if mark == "1"]
