"""Atlas of Digital Pathology: tissue types of histological patches."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import need, read_rows
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.errors import DataError

TABLE = "ADP_EncodedLabels_Release1_Flat.csv"


@register_dataset("adp")
class Adp(PublicSource):
    """Patches of tissue with a hierarchy of tissue types."""

    def __init__(self, level: Literal["L1", "L2", "L3+"] = "L1") -> None:
        self.level = level

    def variant(self) -> str:
        return "" if self.level == "L1" else f"level={self.level.rstrip('+')}"

    def card(self) -> Card:
        return Card(
            name="adp",
            modality="image",
            task="types of tissue in a histological patch",
            labels=9 if self.level == "L1" else None,
            licence="research only, by agreement",
            citation="Hosseini et al.: Atlas of Digital Pathology: A Generalized Hierarchical Histological Tissue "
            "Type-Annotated Database for Deep Learning, CVPR 2019",
            source="https://www.dsp.utoronto.ca/projects/ADP/",
            access="request",
            family="adp",
            protocol="the owners' splits/{train,valid,test}.npy; 17,668 patches in all",
            quirks=(
                "57 types in a hierarchy of dotted names; `level` L1: the roots, L2: the types two deep and the "
                "roots without any, L3+: the types without finer ones. Types that no patch has are left out",
            ),
        )

    def downloads(self) -> tuple[Download, ...]:
        note = f"ask the owners at {self.card().source} for ADP V1.0 Release"
        return (Download("ADP V1.0 Release.zip", None, note=note),)

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        splits = {
            name: split
            for split, file in (("train", "train.npy"), ("validation", "valid.npy"), ("test", "test.npy"))
            for name in _names(tree, file)
        }
        files = tree.by_file_name(".png", under="img_res_1um_bicubic") or tree.by_file_name(".png")
        for row in sorted(read_rows(tree, TABLE), key=lambda row: row.get("Patch Names", "")):
            name = need(row, "Patch Names", TABLE)
            if name not in splits:
                continue
            if name not in files:
                raise DataError(f"{TABLE} names {name!r}, which is not among the files given")
            columns = _columns_of(self.level, [key for key in row if key != "Patch Names"])
            labels = [label for label in columns if row[label].strip() in ("1", "1.0", "True")]
            yield splits[name], Sample(tree.read(files[name]), labels, name)


def _columns_of(level: str, columns: Sequence[str]) -> list[str]:
    """The types of one level among dotted names."""
    inner = {column.rsplit(".", 1)[0] for column in columns if "." in column}
    if level == "L1":
        return [column for column in columns if "." not in column]
    if level == "L2":
        return [
            column
            for column in columns
            if column.count(".") == 1 or (column.count(".") == 0 and column not in inner)
        ]
    return [column for column in columns if column not in inner]


def _names(tree: Tree, file: str) -> list[str]:
    """The patch names of a split's NumPy file."""
    try:
        array = np.load(io.BytesIO(tree.read(tree.find(file))), allow_pickle=False)
    except ValueError as error:
        raise DataError(
            f"{file}: not a plain NumPy array of names ({error}); pickled ones are not read: save it anew with "
            "`numpy.save(file, names.astype(str), allow_pickle=False)`"
        ) from None
    return [str(name) for name in array.ravel()]
