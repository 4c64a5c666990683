"""Small local imitations of public sources: the files' exact format, invented content."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from mlbench import datasets
from mlbench.datasets.fetching import fetch


def picture(shade: int, kind: str = "JPEG") -> bytes:
    """An encoded image of one shade."""
    stream = io.BytesIO()
    Image.new("RGB", (12, 8), (shade % 256, 30, 60)).save(stream, kind)
    return stream.getvalue()


def lay(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files under `folder`."""
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def zipped(file: Path, files: Mapping[str, str | bytes]) -> Path:
    """A zip archive of these members."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file


def tarred(file: Path, files: Mapping[str, str | bytes]) -> Path:
    """A tar archive of these members, packed by the file's name."""
    mode = {".gz": "w:gz", ".bz2": "w:bz2", ".xz": "w:xz"}.get(file.suffix, "w")
    with tarfile.open(file, mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            item = tarfile.TarInfo(name)
            item.size = len(data)
            archive.addfile(item, io.BytesIO(data))
    return file


def get(name: str, given: Sequence[Path], **parameters: str) -> datasets.Dataset:
    """The dataset made from files given by hand."""
    fetch(name, parameters, given=given)
    return datasets.load(name, parameters)


def sets(dataset: datasets.Dataset, split: str) -> dict[str, set[str]]:
    """Id -> labels of one split."""
    part = dataset.splits[split]
    return {
        identity: {dataset.labels[place] for place in np.flatnonzero(row)}
        for identity, row in zip(part.ids, part.targets, strict=True)
    }


def together(dataset: datasets.Dataset) -> dict[str, set[str]]:
    """Id -> labels of the train and validation splits, for sets whose validation split is cut from train."""
    return {**sets(dataset, "train"), **sets(dataset, "validation")}


def everywhere(dataset: datasets.Dataset) -> dict[str, set[str]]:
    """Id -> labels of all splits, for sets that are split by a hash."""
    return {name: labels for split in dataset.splits for name, labels in sets(dataset, split).items()}


def texts(dataset: datasets.Dataset) -> dict[str, str]:
    """Id -> text of all splits."""
    return {
        name: str(text)
        for split in dataset.splits.values()
        for name, text in zip(split.ids, split.inputs, strict=True)
    }


WORDS = (
    *("alfa", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett", "kilo"),
    *("lima", "mike", "november", "oscar", "papa", "quebec", "romeo", "sierra", "tango", "uniform", "victor"),
)
"""Enough texts for a hash to deal some to every split."""
