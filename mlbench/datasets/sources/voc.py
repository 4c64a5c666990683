"""PASCAL VOC: objects of photographs, as the sets of what each image shows; and its long-tailed subset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import parse_xml
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.errors import DataError

LABELS = (
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *(
        "diningtable",
        "dog",
        "horse",
        "motorbike",
        "person",
        "pottedplant",
        "sheep",
        "sofa",
        "train",
        "tvmonitor",
    ),
)
SITE = "http://host.robots.ox.ac.uk/pascal/VOC"
TRAINVAL_2007 = Download(
    "VOCtrainval_06-Nov-2007.tar",
    f"{SITE}/voc2007/VOCtrainval_06-Nov-2007.tar",
    460_032_000,
    "sha1:34ed68851bce2a36e2a223fa52c661d592c66b3c",
)
TEST_2007 = Download(
    "VOCtest_06-Nov-2007.tar",
    f"{SITE}/voc2007/VOCtest_06-Nov-2007.tar",
    451_020_800,
    "sha1:41a8d6e12baa5ab18ee7f8f8029b9e11805b4ef1",
)
TRAINVAL_2012 = Download(
    "VOCtrainval_11-May-2012.tar",
    f"{SITE}/voc2012/VOCtrainval_11-May-2012.tar",
    1_999_639_040,
    "sha1:4e443f8a2eca6b1dac8a6c57641b67dd40621a49",
)
LONG_TAIL_2012 = Download(
    "img_id.txt",
    "https://raw.githubusercontent.com/wutong16/DistributionBalancedLoss/master/"
    "appendix/VOCdevkit/longtail2012/img_id.txt",
)
STUDY_SEED = 42

Difficult = Literal["ignored", "positive", "negative"]


def read_image(tree: Tree, year: str, identity: str, difficult: Difficult) -> Sample:
    """One image with the set of its objects; a label that only "difficult" objects give is treated as asked."""
    name = f"{year}/Annotations/{identity}.xml"
    root = parse_xml(tree.read(tree.find(name)), name)
    plain: set[str] = set()
    hard: set[str] = set()
    for item in root.iter("object"):
        label = item.findtext("name", "").strip()
        if label not in LABELS:
            raise DataError(f"{name}: {label!r} is none of the 20 labels")
        (hard if item.findtext("difficult", "0").strip() == "1" else plain).add(label)
    hard -= plain
    labels = plain if difficult == "negative" else plain | hard
    unscored = hard if difficult == "ignored" else set()
    image = tree.read(tree.find(f"{year}/JPEGImages/{identity}.jpg"))
    return Sample(image, sorted(labels), identity, sorted(unscored))


def read_list(tree: Tree, ending: str) -> list[str]:
    """The ids of an image list."""
    return [line.split()[0] for line in tree.text(ending).splitlines() if line.strip()]


@register_dataset("voc2007")
class Voc2007(PublicSource):
    """Photographs with 20 kinds of objects."""

    def __init__(
        self,
        split: Literal["official", "study"] = "official",
        difficult: Literal["ignored", "positive", "negative"] = "ignored",
    ) -> None:
        self.split, self.difficult = split, difficult

    def variant(self) -> str:
        chosen = [f"split={self.split}"] * (self.split != "official")
        return ",".join([*chosen, *[f"difficult={self.difficult}"] * (self.difficult != "ignored")])

    def card(self) -> Card:
        official = self.split == "official"
        halves = {"train": 5011, "validation": 2476, "test": 2476}
        return Card(
            name="voc2007",
            modality="image",
            task="kinds of objects in a photograph",
            labels=20,
            sizes={"test": 4952} if official else halves,
            cardinality=1.5,
            licence="images: Flickr terms of use; annotations: free",
            citation="Everingham, Van Gool, Williams, Winn, Zisserman: The PASCAL Visual Object Classes "
            "Challenge 2007",
            source=f"{SITE}/voc2007/",
            access="open",
            family="voc",
            protocol="official test; validation cut from trainval (5,011 images)"
            if official
            else "train is trainval; the official test halved into validation and test with seed 42, as the "
            "comprehensive study does (our own draw of the halves)",
            quirks=(
                "objects that are truncated or occluded count as shown",
                'a label that only objects marked "difficult" give is positive in training and not scored; '
                '`difficult` = "positive" or "negative" scores it',
            ),
        )

    def downloads(self) -> tuple[Download, ...]:
        return (TRAINVAL_2007, TEST_2007)

    def vocabulary(self, tree: Tree) -> Sequence[str]:
        return LABELS

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        for identity in read_list(tree, "VOC2007/ImageSets/Main/trainval.txt"):
            yield "train", read_image(tree, "VOC2007", identity, self.difficult)
        test = read_list(tree, "VOC2007/ImageSets/Main/test.txt")
        half: set[int] = set()
        if self.split == "study":
            order = np.random.default_rng(STUDY_SEED).random(len(test)).argsort()
            half = set(order[: len(test) // 2].tolist())
        for row, identity in enumerate(test):
            yield (
                "validation" if row in half else "test",
                read_image(tree, "VOC2007", identity, self.difficult),
            )


@register_dataset("voc_mlt")
class VocLongTail(PublicSource):
    """A long-tailed training subset of VOC 2012, tested on VOC 2007."""

    def card(self) -> Card:
        return Card(
            name="voc_mlt",
            modality="image",
            task="kinds of objects in a photograph, long-tailed",
            labels=20,
            sizes={"test": 4952},
            cardinality=2.05,
            licence="images: Flickr terms of use; annotations: free; list: no licence stated",
            citation="Wu, Huang, Liu, Wang, Lin: Distribution-Balanced Loss for Multi-Label Classification in "
            "Long-Tailed Datasets, ECCV 2020",
            source="https://github.com/wutong16/DistributionBalancedLoss",
            access="open",
            family="voc",
            protocol="1,142 training images of VOC 2012 by the released list, validation cut from them; tested on "
            "the test split of VOC 2007",
            quirks=("labels that only difficult objects give are not scored",),
        )

    def downloads(self) -> tuple[Download, ...]:
        return (LONG_TAIL_2012, TRAINVAL_2012, TEST_2007)

    def vocabulary(self, tree: Tree) -> Sequence[str]:
        return LABELS

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        for identity in read_list(tree, "img_id.txt"):
            yield "train", read_image(tree, "VOC2012", identity, "ignored")
        for identity in read_list(tree, "VOC2007/ImageSets/Main/test.txt"):
            yield "test", read_image(tree, "VOC2007", identity, "ignored")
