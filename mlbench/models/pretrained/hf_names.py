"""What can be told of a text encoder's name without loading transformers or torch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlbench.errors import ConfigError, did_you_mean
from mlbench.models.pretrained.positions import check_length
from mlbench.models.pretrained.weights import MODEL_FOLDER, local_folder
from mlbench.plain_text import parse_json


def check_options(options: Mapping[str, Any]) -> None:
    """Raise ConfigError for a local folder that is not there or holds no model. A hub id is asked for when the
    cell starts."""
    name = str(options["model"])
    folder = local_folder(name)
    if folder is not None:
        if not (folder / "config.json").is_file():
            raise ConfigError(f"encoder 'hf:{name}': {folder} holds no config.json, so it is no model")
        if options["pretrained"] and not any(folder.glob("*.safetensors")):
            raise ConfigError(
                f"encoder 'hf:{name}': {folder} holds no safetensors file; convert its weights (others are not "
                "loaded, since they can run code), or set pretrained = false"
            )
        check_length(name, _config(folder, name), int(options["max_length"]))
        return
    parts = Path(name).parts
    if len(parts) > 2 or name.startswith((".", "~", os.sep)):
        there = _models_of(Path(name).expanduser().parent) or _models_of(
            Path(os.environ.get(MODEL_FOLDER, ""))
        )
        raise ConfigError(f"encoder 'hf:{name}': no such folder{did_you_mean(parts[-1], there)}")


def _config(folder: Path, name: str) -> Mapping[str, Any]:
    try:
        config = parse_json((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"encoder 'hf:{name}': {folder / 'config.json'} cannot be read ({error})") from None
    return config if isinstance(config, dict) else {}


def _models_of(folder: Path) -> list[str]:
    """The models that lie in a folder, by name."""
    return sorted(file.parent.name for file in folder.glob("*/config.json")) if folder.is_dir() else []
