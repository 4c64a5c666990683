"""Jigsaw toxic comments: kinds of toxicity of Wikipedia talk-page comments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import need, read_rows
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset

LABELS = ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")


@register_dataset("jigsaw_toxic")
class JigsawToxic(PublicSource):
    """Wikipedia comments with six kinds of toxicity."""

    def card(self) -> Card:
        return Card(
            name="jigsaw_toxic",
            modality="text",
            task="kinds of toxicity of a comment",
            labels=6,
            sizes={"test": 63978},
            licence="CC0; comments: CC BY-SA 3.0",
            citation="Jigsaw, Google: Toxic Comment Classification Challenge, Kaggle, 2018",
            source="https://www.kaggle.com/c/jigsaw-toxic-comment-classification-challenge",
            access="account",
            protocol="the challenge's test rows that are scored; validation cut from the 159,571 training rows",
            quirks=(
                "90 % of the rows have no label, and are kept",
                "test rows marked −1 were never scored, and are dropped",
                "offensive language",
            ),
        )

    def downloads(self) -> tuple[Download, ...]:
        note = (
            "accept the rules at kaggle.com/c/jigsaw-toxic-comment-classification-challenge and get train.csv, "
            "test.csv and test_labels.csv (zipped or not)"
        )
        return (Download("jigsaw-toxic-comment-classification-challenge.zip", None, note=note),)

    def vocabulary(self, tree: Tree) -> Sequence[str]:
        return LABELS

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        for row in read_rows(tree, "train.csv"):
            yield (
                "train",
                Sample(need(row, "comment_text", "train.csv"), _present(row, "train.csv"), row["id"]),
            )
        marks = {row["id"]: row for row in read_rows(tree, "test_labels.csv")}
        for row in read_rows(tree, "test.csv"):
            mark = marks.get(row["id"], {})
            if mark and mark["toxic"] != "-1":
                text = need(row, "comment_text", "test.csv")
                yield "test", Sample(text, _present(mark, "test_labels.csv"), row["id"])


def _present(row: dict[str, str], file: str) -> list[str]:
    return [label for label in LABELS if need(row, label, file) == "1"]
