"""Clothing Co-Parsing: garments of street fashion photographs."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import split_by_hash
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.errors import DataError

COMMIT = "fe34fb77721a9973fbae92c05f7f12b664d10110"
BACKGROUND = "null"


@register_dataset("ccp_clothing")
class ClothingCoParsing(PublicSource):
    """Street fashion photographs with 55 kinds of garments."""

    def card(self) -> Card:
        return Card(
            name="ccp_clothing",
            modality="image",
            task="garments in a street fashion photograph",
            labels=55,
            sizes={"train": 1454, "validation": 214, "test": 429},
            cardinality=7.5,
            licence="Apache-2.0 (source repository)",
            citation="Yang, Luo, Lin: Clothing Co-Parsing by Joint Image Segmentation and Labeling, CVPR 2014",
            source="https://github.com/bearpaw/clothing-co-parsing",
            access="open",
            protocol="split by the MD5 of the photograph's number",
            quirks=('"skin" and "hair" are on nearly every photograph',),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        url = f"https://github.com/bearpaw/clothing-co-parsing/archive/{COMMIT}.zip"
        return (Download("clothing-co-parsing.zip", url),)

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        names = [str(cell[0]) for cell in _matrix(tree, tree.find("label_list.mat"), "label_list").ravel()]
        annotated: dict[str, tuple[str, str]] = {}
        for folder, variable in (("pixel-level", "groundtruth"), ("image-level", "tags")):
            for file, member in tree.by_file_name(".mat", under=folder).items():
                annotated.setdefault(PurePosixPath(file).stem, (member, variable))
        photographs = tree.by_file_name(".jpg", under="photos")
        for identity, (member, variable) in sorted(annotated.items()):
            numbers = np.unique(_matrix(tree, member, variable)).astype(int)
            labels = sorted(names[number] for number in numbers if names[number] != BACKGROUND)
            if f"{identity}.jpg" not in photographs:
                raise DataError(f"{member}: there is no photos/{identity}.jpg among the files given")
            if labels:
                sample = Sample(tree.read(photographs[f"{identity}.jpg"]), labels, identity)
                yield split_by_hash(identity), sample


def _matrix(tree: Tree, member: str, variable: str) -> Any:
    """A variable of a MATLAB file."""
    from scipy.io import loadmat

    try:
        stream: Any = io.BytesIO(tree.read(member))
        return loadmat(stream, variable_names=[variable])[variable]
    except (ValueError, KeyError, TypeError, NotImplementedError) as error:
        raise DataError(f"{member}: no MATLAB file with a variable {variable!r} ({error})") from None
