"""Where pretrained weights are looked for."""

from __future__ import annotations

import os
from pathlib import Path

MODEL_FOLDER = "MLBENCH_MODELS"
"""Environment variable: a folder of pretrained models, one folder a model."""


def local_folder(name: str) -> Path | None:
    """The folder that a model's name stands for: itself, or one of its last part under $MLBENCH_MODELS."""
    given = Path(name).expanduser()
    if given.is_dir():
        return given
    root = os.environ.get(MODEL_FOLDER)
    if root and (kept := Path(root) / name.rsplit("/", 1)[-1]).is_dir():
        return kept
    return None
