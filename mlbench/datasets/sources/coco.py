"""COCO: objects of photographs, as the sets of what each image shows; and its long-tailed subset."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import need
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.errors import DataError

SITE = "http://images.cocodataset.org"
SIZES = {
    "train2014": 13_510_573_713,
    "val2014": 6_645_013_297,
    "annotations_trainval2014": 252_872_794,
    "train2017": 19_336_861_798,
    "val2017": 815_585_330,
    "annotations_trainval2017": 252_907_541,
}
"""Bytes of the official archives, for planning."""

LICENCE = "annotations: CC BY 4.0; images: Flickr terms of use"
CITATION = "Lin et al.: Microsoft COCO: Common Objects in Context, ECCV 2014"


def zips(*names: str) -> tuple[Download, ...]:
    """Official archives: `train2017` and so on, or `annotations_trainval2017`."""
    folder = {True: "annotations", False: "zips"}
    return tuple(
        Download(f"{name}.zip", f"{SITE}/{folder[name.startswith('ann')]}/{name}.zip", SIZES[name])
        for name in names
    )


def read_annotations(tree: Tree, part: str) -> dict[str, Any]:
    """The content of `instances_<part>.json`."""
    name = f"instances_{part}.json"
    try:
        content: dict[str, Any] = json.loads(tree.text(name))
    except ValueError as error:
        raise DataError(f"{name}: not valid JSON: {error}") from None
    for key in ("images", "annotations", "categories"):
        need(content, key, name)
    return content


def category_names(content: dict[str, Any]) -> dict[int, str]:
    """Category id -> name, in the official order."""
    return {item["id"]: item["name"] for item in sorted(content["categories"], key=lambda item: item["id"])}


def read_part(
    tree: Tree, part: str, split: str, only: set[int] | None = None
) -> Iterator[tuple[str, Sample]]:
    """The images of one part in the order of their ids, those without an object too."""
    content = read_annotations(tree, part)
    names = category_names(content)
    present: dict[int, set[int]] = {}
    for item in content["annotations"]:
        present.setdefault(item["image_id"], set()).add(item["category_id"])
    files = tree.by_file_name(".jpg", under=part)
    for image in sorted(content["images"], key=lambda item: item["id"]):
        if only is not None and image["id"] not in only:
            continue
        if image["file_name"] not in files:
            raise DataError(
                f"instances_{part}.json names {image['file_name']!r}, which is not among the files"
            )
        labels = [names[category] for category in sorted(present.get(image["id"], ()))]
        yield split, Sample(tree.read(files[image["file_name"]]), labels, str(image["id"]))


class Coco(PublicSource):
    """One year's images, its "val" part as test."""

    year: str
    train_images: str
    with_labels: str
    test_images: int

    def card(self) -> Card:
        return Card(
            name=f"coco{self.year}",
            modality="image",
            task="kinds of objects in a photograph",
            labels=80,
            sizes={"test": self.test_images},
            cardinality=2.9,
            licence=LICENCE,
            citation=CITATION,
            source="https://cocodataset.org",
            access="open",
            family="coco",
            protocol=f"val{self.year} is the test split, validation is cut from train{self.year} "
            f"({self.train_images} images)",
            quirks=(
                f"images without labels are kept; with labels: {self.with_labels}",
                "a kind that only a crowd shows (`iscrowd`) counts as shown",
            ),
        )

    def downloads(self) -> tuple[Download, ...]:
        return zips(f"annotations_trainval{self.year}", f"train{self.year}", f"val{self.year}")

    def vocabulary(self, tree: Tree) -> Sequence[str]:
        return list(category_names(read_annotations(tree, f"val{self.year}")).values())

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        yield from read_part(tree, f"train{self.year}", "train")
        yield from read_part(tree, f"val{self.year}", "test")


@register_dataset("coco2014")
class Coco2014(Coco):
    """Photographs with 80 kinds of objects, the parts of 2014."""

    year, train_images, test_images = "2014", "82,783", 40504
    with_labels = "82,081 of train2014, about 40,137 of val2014"


@register_dataset("coco2017")
class Coco2017(Coco):
    """Photographs with 80 kinds of objects, the parts of 2017."""

    year, train_images, test_images = "2017", "118,287", 5000
    with_labels = "117,266 of train2017, 4,952 of val2017"


@register_dataset("coco_mlt")
class CocoLongTail(PublicSource):
    """A long-tailed training subset of COCO 2017, tested on its val part."""

    def card(self) -> Card:
        return Card(
            name="coco_mlt",
            modality="image",
            task="kinds of objects in a photograph, long-tailed",
            labels=80,
            sizes={"test": 5000},
            cardinality=4.36,
            licence=f"{LICENCE}; list: no licence stated",
            citation="Wu, Huang, Liu, Wang, Lin: Distribution-Balanced Loss for Multi-Label Classification in "
            "Long-Tailed Datasets, ECCV 2020",
            source="https://github.com/wutong16/DistributionBalancedLoss",
            access="open",
            family="coco",
            protocol="1,909 training images of train2017 by the released list, validation cut from them; tested "
            "on val2017",
            quirks=(
                "the released list is called .pkl and is plain text: it is read as text, never unpickled",
            ),
        )

    def downloads(self) -> tuple[Download, ...]:
        base = "https://raw.githubusercontent.com/wutong16/DistributionBalancedLoss/master/appendix/coco"
        listed = Download("img_id.pkl", f"{base}/longtail2017/img_id.pkl")
        return (listed, *zips("annotations_trainval2017", "train2017", "val2017"))

    def vocabulary(self, tree: Tree) -> Sequence[str]:
        return list(category_names(read_annotations(tree, "val2017")).values())

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        chosen = {int(number) for number in re.findall(r"\d+", _list_text(tree))}
        yield from read_part(tree, "train2017", "train", chosen)
        yield from read_part(tree, "val2017", "test")


def _list_text(tree: Tree) -> str:
    """The list of image ids or file names, one a line."""
    name = "img_id.pkl" if tree.has("img_id.pkl") else "img_id.txt"
    text = tree.text(name)
    for line in text.splitlines():
        if not re.fullmatch(r"\s*(\w*/)*(COCO_\w+_)?\d*(\.jpg)?\s*", line):
            raise DataError(
                f"{name}: {line[:60]!r} is no image id; a plain-text list is needed, one id a line"
            )
    return re.sub(r"COCO_\w+_|\w+/", "", text)
