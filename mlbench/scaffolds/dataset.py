"""A dataset to start from."""

from __future__ import annotations

CODE = '''"""What the samples and the labels are, in a line."""

from __future__ import annotations

from collections.abc import Iterator

from mlbench import register_dataset
from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import need, read_rows
from mlbench.datasets.public.tree import Tree

FILE = "NAME.csv"


@register_dataset("NAME")
class CLASS(PublicSource):
    """One line that says what the samples and the labels are."""

    def card(self) -> Card:
        return Card(
            name="NAME",
            modality="text",
            task="what a label says of a sample",
            labels=3,
            licence="the licence that its owners give",
            citation="author: title, where and when it was published",
            source="https://example.org/where-its-owners-publish-it",
            access="by hand",
            protocol="the splits are those of the column `split`; validation cut from train",
        )

    def downloads(self) -> tuple[Download, ...]:
        # With url=, size= and checksum="sha256:…" in place of note= it is fetched; access above is then "open".
        return (Download(FILE, note="ask its owners for the file"),)

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        # Without splits of their own, split_by_letters of mlbench/datasets/sources/parts/rows.py gives each its split.
        for number, row in enumerate(read_rows(tree, FILE)):
            labels = need(row, "labels", FILE).split()
            yield need(row, "split", FILE), Sample(need(row, "text", FILE), labels, str(number))
'''

TEST = '''"""`NAME` from an imitation of its file: the exact format, invented content."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlbench import datasets
from mlbench.datasets.conformance import check
from mlbench.datasets.fetching import fetch
# LOADING

LABELS = ("blue", "green", "red")


@pytest.fixture(autouse=True)
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The dataset, made from 60 rows, in a cache of its own."""
    monkeypatch.setenv("MLBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MLBENCH_DATA", raising=False)
    rows = [
        f"it is {LABELS[n % 3]} and number {n},{LABELS[n % 3]},{'test' if n % 5 == 0 else 'train'}"
        for n in range(60)
    ]
    (tmp_path / "NAME.csv").write_text("\\n".join(["text,labels,split", *rows]), encoding="utf-8")
    fetch("NAME", {}, given=[tmp_path / "NAME.csv"])


def test_reads_its_file() -> None:
    dataset = datasets.load("NAME")
    assert dataset.labels == LABELS
    assert len(dataset.test) == 12
    for split in dataset.splits.values():
        for text, row in zip(split.inputs, split.targets, strict=True):
            (place,) = np.flatnonzero(row)
            assert f"it is {LABELS[place]} and" in str(text)


def test_passes_the_conformance_suite() -> None:
    assert [str(verdict) for verdict in check("NAME") if verdict.passed is False] == []
'''
