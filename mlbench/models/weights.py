"""Where pretrained weights are looked for."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from mlbench.datasets.fingerprints import bytes_fingerprint, file_stamps, remembered

MODEL_FOLDER = "MLBENCH_MODELS"
"""Environment variable: a folder of pretrained models, one folder a model."""


def content_of(files: Iterable[Path]) -> str:
    """A hash of the bytes of local files, remembered by their paths, sizes and times."""
    chosen = sorted(files)
    return remembered(["weights", *file_stamps(chosen)], lambda: bytes_fingerprint(chosen))


def local_folder(name: str) -> Path | None:
    """The folder that a model's name stands for: itself, or one of its last part under $MLBENCH_MODELS."""
    given = Path(name).expanduser()
    if given.is_dir():
        return given
    root = os.environ.get(MODEL_FOLDER)
    if root and (kept := Path(root) / name.rsplit("/", 1)[-1]).is_dir():
        return kept
    return None
