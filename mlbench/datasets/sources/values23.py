"""Touché 2023: human values behind arguments, as in SemEval-2023, task 4."""

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
from mlbench.errors import DataError

LABELS = (
    *("Self-direction: thought", "Self-direction: action", "Stimulation", "Hedonism", "Achievement"),
    *(
        "Power: dominance",
        "Power: resources",
        "Face",
        "Security: personal",
        "Security: societal",
        "Tradition",
    ),
    *("Conformity: rules", "Conformity: interpersonal", "Humility", "Benevolence: caring"),
    *(
        "Benevolence: dependability",
        "Universalism: concern",
        "Universalism: nature",
        "Universalism: tolerance",
    ),
    "Universalism: objectivity",
)
REPOSITORY = Repository(
    "DimitrisPatiniotis/Human-Value-Detection", "cd5d7ef5f7f90e63ac6e7c58bc4b40a0ec2fb0fc"
)
PARTS = {"test": "validation", "train": "training"}
"""Our split -> the files' name, in the order in which a repeated argument is kept."""

FILES = """
arguments-training.tsv 1012519 f080cc1a75bc6f6910874c2ee1f407056b118024e33b0495de1f8a5570ce9948
labels-training.tsv 253843 87ee3c0fe6760f2a6f895ed9144ad0ed076a9a5ff543820b9683aad8fd46bf12
arguments-validation.tsv 362612 fa3c1b393b367696ace0220cb377fa8583a14f8491dc155680cdfa681931233d
labels-validation.tsv 89484 383b1dbbacfdcc7948e29619391a00f177b7708f85eb8ab1808972a76fc201b5
"""


@register_dataset("values23")
class Values23(PublicSource):
    """Arguments with the human values that stand behind them."""

    fingerprint = "48acae49ba72b0cd911ce28c0a78430a"

    def card(self) -> Card:
        return Card(
            name="values23",
            modality="text",
            task="human values behind an argument",
            labels=20,
            sizes={"train": 4825, "validation": 481, "test": 1861},
            cardinality=3.39,
            licence="CC BY-SA 4.0 (the data's README; Zenodo says CC BY 4.0)",
            citation="Mirzakhmedova et al.: The Touché23-ValueEval Dataset for Identifying Human Values behind "
            "Arguments, 2023",
            source=REPOSITORY.page,
            access="open",
            protocol="official training; the official validation part is the test split; repeated arguments kept once, "
            "in test first; validation is the tenth of train that the MD5 of the text's letters chooses",
            quirks=(
                "the labels of the official test part are not in this copy: scores are not comparable with published "
                "ones",
                "the text is the conclusion, the stance and the premise",
            ),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        return REPOSITORY.files("Data", FILES)

    def vocabulary(self, tree: Tree) -> Sequence[str]:
        return LABELS

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        for split, sample in kept_once({split: _arguments(tree, part) for split, part in PARTS.items()}):
            yield "test" if split == "test" else held_out_by_letters(str(sample.input)), sample


def _arguments(tree: Tree, part: str) -> Iterator[Sample]:
    texts, marks = f"arguments-{part}.tsv", f"labels-{part}.tsv"
    values = {
        need(row, "Argument ID", marks): [label for label in LABELS if need(row, label, marks) == "1"]
        for row in read_rows(tree, marks, delimiter="\t", quoted=False)
    }
    for row in read_rows(tree, texts, delimiter="\t"):
        identity = need(row, "Argument ID", texts)
        if identity not in values:
            raise DataError(f"{marks}: there is no argument {identity!r}, which {texts} has")
        conclusion = need(row, "Conclusion", texts).strip().rstrip(".")
        text = f"{conclusion} ({need(row, 'Stance', texts)}): {need(row, 'Premise', texts).strip()}"
        yield Sample(text, values[identity], identity)
