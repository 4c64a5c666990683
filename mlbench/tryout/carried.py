"""The pretrained encoders that this machine carries, found without loading any of them and without the network."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlbench.models.pretrained.timm_names import timm_models
from mlbench.models.pretrained.weights import MODEL_FOLDER

SENTENCE_ENCODERS = re.compile(r"minilm|mpnet|sentence|paraphrase|sbert|\b(e5|bge|gte)\b", re.IGNORECASE)
"""Names of text encoders whose vectors tell texts apart as they are. Those of a plain language model do not: frozen,
they do worse than words counted."""
MANY_LANGUAGES = re.compile(r"multilingual|labse|xlm", re.IGNORECASE)
LARGEST = 700_000_000
"""Bytes of weights: a larger encoder takes minutes for a few thousand samples on a laptop."""


@dataclass(frozen=True)
class Carried:
    """A pretrained encoder: its name in a suite, and the size of its weights in bytes. cached: in the hub's cache."""

    name: str
    size: int
    cached: bool = False

    @property
    def many_languages(self) -> bool:
        return bool(MANY_LANGUAGES.search(self.name))


def text_encoders() -> list[Carried]:
    """Sentence encoders of $MLBENCH_MODELS and the hub's cache, the smallest first."""
    found = [
        Carried(f"hf:{folder.name}", size)
        for folder in _folders()
        if (folder / "config.json").is_file() and (size := _weights(folder))
    ]
    found += [
        Carried(f"hf:{name}", size, cached=True)
        for name, folder in _snapshots()
        if (folder / "config.json").is_file() and (size := _weights(folder))
    ]
    return _smallest(each for each in found if SENTENCE_ENCODERS.search(each.name))


def image_encoders() -> list[Carried]:
    """timm's models whose weights are in $MLBENCH_MODELS or the hub's cache, the smallest first."""
    known = timm_models()
    found = [
        Carried(f"timm:{folder.name}", _weights(folder)) for folder in _folders() if folder.name in known
    ]
    found += [
        Carried(f"timm:{name.removeprefix('timm/')}", _weights(folder), cached=True)
        for name, folder in _snapshots()
        if name.startswith("timm/") and name.removeprefix("timm/").partition(".")[0] in known
    ]
    return _smallest(found)


def _smallest(found: Iterator[Carried] | list[Carried]) -> list[Carried]:
    return sorted((each for each in found if 0 < each.size <= LARGEST), key=lambda each: each.size)


def _folders() -> list[Path]:
    root = os.environ.get(MODEL_FOLDER)
    place = Path(root).expanduser() if root else None
    return sorted(place.iterdir()) if place is not None and place.is_dir() else []


def _snapshots() -> Iterator[tuple[str, Path]]:
    """The hub id and the folder of the latest snapshot of every model in the hub's cache."""
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    cache = Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub").expanduser()
    for folder in sorted(cache.glob("models--*--*")):
        snapshots = sorted(folder.glob("snapshots/*"), key=lambda each: each.stat().st_mtime)
        if snapshots:
            yield folder.name.removeprefix("models--").replace("--", "/"), snapshots[-1]


def _weights(folder: Path) -> int:
    """Bytes of its safetensors files; 0 where it has none, since others are not loaded."""
    return sum(file.stat().st_size for file in folder.glob("*.safetensors"))
