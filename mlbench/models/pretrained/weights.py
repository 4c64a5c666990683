"""Where pretrained weights are looked for: local folders, the hub's cache, and the hub where it answers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

MODEL_FOLDER = "MLBENCH_MODELS"
"""Environment variable: a folder of pretrained models, one folder a model."""


def content_of(files: Iterable[Path]) -> str:
    """A hash of the bytes of local files, remembered by their paths, sizes and times."""
    from mlbench.datasets.fingerprints import bytes_fingerprint, file_stamps, remembered

    chosen = sorted(files)
    return remembered(["weights", *file_stamps(chosen)], lambda: bytes_fingerprint(chosen))


def named_files(options: Mapping[str, Any]) -> list[Path]:
    """The files of this machine that an encoder's options name: one of weights, or those of a model's folder."""
    named = (Path(str(options[key])).expanduser() for key in ("weights", "model") if options.get(key))
    return [
        file for path in named for file in (path.iterdir() if path.is_dir() else [path]) if file.is_file()
    ]


def local_folder(name: str) -> Path | None:
    """The folder that a model's name stands for: itself, or one of its last part under $MLBENCH_MODELS."""
    given = Path(name).expanduser()
    if given.is_dir():
        return given
    root = os.environ.get(MODEL_FOLDER)
    if root and (kept := Path(root) / name.rsplit("/", 1)[-1]).is_dir():
        return kept
    return None


def offline_options(name: str) -> dict[str, bool]:
    """What to load a hub id with: nothing more where the hub answers, else the files that the hub's cache holds. Raises
    ConnectionError where there are none."""
    from mlbench.datasets.public.hub import why_unreachable

    reason = why_unreachable()
    if not reason:
        return {}
    from huggingface_hub import try_to_load_from_cache

    if isinstance(try_to_load_from_cache(name, "config.json"), str):
        return {"local_files_only": True}
    raise ConnectionError(f"it is not on this machine, and the hub cannot be reached: {reason}")
