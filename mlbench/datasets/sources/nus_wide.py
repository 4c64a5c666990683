"""NUS-WIDE: concepts of Flickr photographs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Literal

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.errors import DataError


@register_dataset("nus_wide")
class NusWide(PublicSource):
    """Flickr photographs with 81 concepts."""

    def __init__(self, unlabelled: Literal["dropped", "kept"] = "dropped") -> None:
        self.unlabelled = unlabelled

    def variant(self) -> str:
        return "" if self.unlabelled == "dropped" else "unlabelled=kept"

    def card(self) -> Card:
        return Card(
            name="nus_wide",
            modality="image",
            task="concepts of a photograph",
            labels=81,
            cardinality=2.4,
            licence="research only; images: Flickr terms of use",
            citation="Chua, Tang, Hong, Li, Luo, Zheng: NUS-WIDE: A Real-World Web Image Database from National "
            "University of Singapore, CIVR 2009",
            source="https://lms.comp.nus.edu.sg/wp-content/uploads/2019/research/nuswide/NUS-WIDE.html",
            access="request",
            protocol="the owners' train and test lists (161,789 and 107,859 of 269,648 images); validation cut from "
            "train",
            quirks=(
                "images without a label are dropped, as the comprehensive study does (119,103 of train stay); "
                '`unlabelled = "kept"` keeps them',
                "the set of images that can still be had varies between copies: listed ones that are missing "
                "or empty are passed over, and the fingerprint says which copy it is",
            ),
        )

    def downloads(self) -> tuple[Download, ...]:
        note = (
            "ask the owners (see the card's source) for the images, and get ImageList.zip, ConceptsList.zip and "
            "Groundtruth.zip there; or a copy such as Kaggle xinleili/nuswide"
        )
        return (Download("NUS-WIDE", None, note=note),)

    def vocabulary(self, tree: Tree) -> Sequence[str]:
        return tree.text("Concepts81.txt").split()

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        files = {_photograph(name): member for name, member in tree.by_file_name(".jpg").items()}
        found = 0
        for split, part in (("train", "Train"), ("test", "Test")):
            listed = [
                line.strip().replace("\\", "/") for line in tree.text(f"{part}Imagelist.txt").splitlines()
            ]
            listed = [name for name in listed if name]
            labels = self._labels(tree, part, len(listed))
            for row, name in enumerate(listed):
                member = files.get(_photograph(PurePosixPath(name).name))
                image = tree.read(member) if member and (labels[row] or self.unlabelled == "kept") else b""
                if image:  # copies hold empty files for photographs that their owners took away
                    found += 1
                    yield split, Sample(image, labels[row], name)
        if not found:
            raise DataError(
                "nus_wide: none of the images that TrainImagelist.txt names is among the files given"
            )

    def _labels(self, tree: Tree, part: str, count: int) -> list[list[str]]:
        """The concepts of each listed image, from one file of 0 and 1 per concept."""
        labels: list[list[str]] = [[] for _ in range(count)]
        for concept in self.vocabulary(tree):
            name = f"Labels_{concept}_{part}.txt"
            marks = tree.text(name).split()
            if len(marks) != count:
                raise DataError(f"{name}: {len(marks)} lines for {count} listed images")
            for row, mark in enumerate(marks):
                if mark == "1":
                    labels[row].append(concept)
        return labels


def _photograph(file: str) -> str:
    """Flickr's number of it: lists call it `0001_2124494179.jpg`, some copies `2124494179.jpg`."""
    return file.rpartition("_")[2].lower()
