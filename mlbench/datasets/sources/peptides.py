"""Therapeutic peptides: functions of a sequence, by its amino acids and their neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, product

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.datasets.sources.parts.pinned import Repository
from mlbench.datasets.sources.parts.rows import held_out_by_values, values_of
from mlbench.errors import DataError

LABELS = (
    *(
        "AAP",
        "ABP",
        "ACP",
        "ACVP",
        "ADP",
        "AEP",
        "AFP",
        "AHIVP",
        "AHP",
        "AIP",
        "AMRSAP",
        "APP",
        "ATP",
        "AVP",
        "BBP",
    ),
    *("BIP", "CPP", "DPPIP", "QSP", "SBP", "THP"),
)
ACIDS = "ACDEFGHIKLMNPQRSTVWY"
PAIRS = tuple("".join(pair) for pair in product(ACIDS, repeat=2))
REPOSITORY = Repository("xialab-ahu/ETFC", "bc156d8e8786f2cb143e34f916af0bfed5410b77")
PARTS = ("test", "train")
"""In the order in which the same features are kept."""

FILES = """
train.txt 336916 94d1341abf95be984e9c4e2ee7df6f70ab83527aec0d53d3142ff967939cd959
test.txt 84607 b869dbcec6f80e9155a884c63799416b82748394c3238ae2001d343fa11cd574
"""


@register_dataset("peptides")
class Peptides(PublicSource):
    """Peptides with 21 therapeutic functions; shares of amino acids and of pairs of neighbours."""

    fingerprint = "47e59baa9b05e2e5075aadaca9e1b802"

    def card(self) -> Card:
        return Card(
            name="peptides",
            modality="features",
            task="therapeutic functions of a peptide",
            labels=21,
            sizes={"train": 7086, "validation": 781, "test": 1969},
            cardinality=1.22,
            licence="none stated in the repository; sequences of public peptide databases",
            citation="Yan et al.: PrMFTP: Multi-functional Therapeutic Peptides Prediction, "
            "2022; Fan et al.: ETFC, 2023",
            source=REPOSITORY.page,
            access="open",
            protocol="the published train and test; a sequence with the features of one in test is left out of train; "
            "validation is the tenth of train that the MD5 of the features chooses",
            quirks=(
                "an id is the sequence; 33 sequences with other letters than the 20 amino acids are left out",
                "labels are short names: ABP antibacterial, ACP anticancer, CPP cell-penetrating peptide, …",
            ),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        return REPOSITORY.files("ETFC/dataset", FILES)

    def vocabulary(self, tree: Tree) -> Sequence[str]:
        return LABELS

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        tested: set[bytes] = set()
        for part in PARTS:
            for sequence, labels in _sequences(tree, f"{part}.txt"):
                if set(sequence) <= set(ACIDS):
                    vector = features_of(sequence)
                    sample = Sample(vector, labels, sequence)
                    if part == "test":
                        tested.add(values_of(vector))
                        yield part, sample
                    elif values_of(vector) not in tested:
                        yield held_out_by_values(vector), sample


def features_of(sequence: str) -> list[float]:
    """Shares of the 20 amino acids, then of the 400 pairs of neighbours, added up one by one: the last binary places
    decide what a sequence is dealt to."""
    shares = dict.fromkeys([*ACIDS, *PAIRS], 0.0)
    for acid in sequence:
        shares[acid] += 1 / len(sequence)
    for first, second in pairwise(sequence):
        shares[first + second] += 1 / (len(sequence) - 1)
    return list(shares.values())


def _sequences(tree: Tree, file: str) -> Iterator[tuple[str, list[str]]]:
    """Pairs of lines: `>` with a digit for each label, then the sequence."""
    marks = ""
    for number, line in enumerate(tree.lines(file), start=1):
        text = line.strip()
        if text.startswith(">"):
            marks = text[1:]
            if len(marks) != len(LABELS) or set(marks) - {"0", "1"}:
                raise DataError(f"{file}, line {number}: {len(LABELS)} digits 0 or 1 are needed behind the >")
        elif text:
            yield text, [label for label, mark in zip(LABELS, marks, strict=True) if mark == "1"]
