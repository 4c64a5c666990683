"""MIRFLICKR-25000: topics of Flickr photographs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.errors import DataError

SITE = "https://press.liacs.nl/mirflickr/mirflickr25k.v3b"
SEED = 42
TOPICS = (
    *(
        "animals",
        "baby",
        "bird",
        "car",
        "clouds",
        "dog",
        "female",
        "flower",
        "food",
        "indoor",
        "lake",
        "male",
    ),
    *(
        "night",
        "people",
        "plant_life",
        "portrait",
        "river",
        "sea",
        "sky",
        "structures",
        "sunset",
        "transport",
    ),
    *("tree", "water"),
)
RELEVANT = (
    *("baby", "bird", "car", "clouds", "dog", "female", "flower", "male", "night", "people", "portrait"),
    *("river", "sea", "tree"),
)
"""Of which a stricter list says where they are what the photograph is about."""


@register_dataset("mirflickr25k")
class MirFlickr(PublicSource):
    """Flickr photographs with 24 topics, or 38 with those marked as relevant."""

    def __init__(self, topics: Literal["potential", "all"] = "potential") -> None:
        self.topics = topics

    def variant(self) -> str:
        return "" if self.topics == "potential" else "topics=all"

    def card(self) -> Card:
        return Card(
            name="mirflickr25k",
            modality="image",
            task="topics of a photograph",
            labels=24 if self.topics == "potential" else 38,
            licence="images: Creative Commons, one by one",
            citation="Huiskes, Lew: The MIR Flickr Retrieval Evaluation, MIR 2008",
            source="https://press.liacs.nl/mirflickr/",
            access="open",
            protocol="20,000 / 2,500 / 2,500 as the comprehensive study has it, drawn with seed 42 (our own draw); "
            "images without labels dropped afterwards",
            quirks=('`topics = "all"` adds the 14 labels of the relevant subset (…_r1)',),
        )

    def downloads(self) -> tuple[Download, ...]:
        return (
            Download(
                "mirflickr25k.zip",
                f"{SITE}/mirflickr25k.zip",
                3_069_184_257,
                "md5:a23d0a8564ee84cda5622a6c2f947785",
            ),
            Download(
                "mirflickr25k_annotations_v080.zip", f"{SITE}/mirflickr25k_annotations_v080.zip", 207_220
            ),
        )

    def vocabulary(self, tree: Tree) -> Sequence[str]:
        stricter = [f"{topic}_r1" for topic in RELEVANT] if self.topics == "all" else []
        return sorted([*TOPICS, *stricter])

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        images = {
            int(match[1]): name
            for file, name in tree.by_file_name(".jpg").items()
            if (match := re.fullmatch(r"im(\d+)\.jpg", file))
        }
        if not images:
            raise DataError("mirflickr25k: no image im1.jpg, im2.jpg, … is among the files given")
        labels = self._labels(tree)
        count = max(images)
        rank = np.empty(count, np.int64)
        rank[np.random.default_rng(SEED).random(count).argsort(kind="stable")] = np.arange(count)
        ends = (round(0.8 * count), round(0.9 * count))
        for number in sorted(images):
            place = rank[number - 1]
            split = "train" if place < ends[0] else "validation" if place < ends[1] else "test"
            if labels.get(number):
                yield split, Sample(tree.read(images[number]), labels[number], f"im{number}")

    def _labels(self, tree: Tree) -> dict[int, list[str]]:
        """The topics of each image, from one list of image numbers per topic. Other files of numbers are none: beside
        the images lie the tags that people gave them, and some of those are a year."""
        labels: dict[int, list[str]] = {}
        for topic in self.vocabulary(tree):
            content = tree.text(f"{topic}.txt")
            if not re.fullmatch(r"(\s*\d+)*\s*", content):
                raise DataError(f"{topic}.txt: it is to be a list of image numbers, one a line")
            for number in content.split():
                labels.setdefault(int(number), []).append(topic)
        return labels
