"""Yeast: functional classes of genes, by expression and phylogenetic features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.datasets.sources.parts.arff import read_arff
from mlbench.errors import DataError

LABELS = tuple(f"Class{number}" for number in range(1, 15))
TRAIN_ROWS, FEATURES = 1500, 103
FILE = "Yeast.arff"


@register_dataset("yeast")
class Yeast(PublicSource):
    """Genes of yeast, 103 features, 14 functional classes."""

    def card(self) -> Card:
        return Card(
            name="yeast",
            modality="features",
            task="functional classes of a gene",
            labels=14,
            sizes={"test": 917},
            cardinality=4.24,
            licence="public MULAN/MEKA set; MEKA is GPL-3.0",
            citation="Elisseeff, Weston: A Kernel Method for Multi-Labelled Classification, NIPS 2001",
            source="https://github.com/Waikato/meka",
            access="open",
            protocol="the first 1,500 rows train, the rest test; validation cut from train",
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        commit = "f9ffe231e06ebaa75b4a95c5cdeb737419731621"
        url = f"https://raw.githubusercontent.com/Waikato/meka/{commit}/src/main/data/Yeast.arff.bz2"
        return (Download("Yeast.arff.bz2", url),)

    def vocabulary(self, tree: Tree) -> Sequence[str]:
        return LABELS

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        names, rows = read_arff(tree, FILE)
        if not set(LABELS) <= set(names) or len(names) != FEATURES + len(LABELS):
            raise DataError(
                f"{FILE}: {FEATURES} features and Class1 … Class14 are needed, it has {len(names)} columns"
            )
        for number, numbers in enumerate(rows):
            row = dict(zip(names, numbers, strict=True))
            labels = [label for label in LABELS if row.pop(label) == 1]
            split = "train" if number < TRAIN_ROWS else "test"
            yield split, Sample(list(row.values()), labels, f"row{number}")
