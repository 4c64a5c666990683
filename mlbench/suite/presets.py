"""Named bundles of `[train]` values, read from `presets.toml` beside this file."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlbench.errors import UnknownNameError

MODALITIES = ("text", "image", "features")


@dataclass(frozen=True)
class Preset:
    """A recipe: `train` goes for every encoder, `by_modality` for those that read that modality."""

    name: str
    about: str
    train: Mapping[str, Any]
    by_modality: Mapping[str, Mapping[str, Any]]

    def values(self, modalities: Collection[str]) -> dict[str, Any]:
        """The values of `[train]` for an encoder that reads `modalities`."""
        own = [self.by_modality[modality] for modality in modalities if modality in self.by_modality]
        return {key: value for table in (self.train, *own) for key, value in table.items()}


@functools.cache
def presets() -> dict[str, Preset]:
    """All presets by name."""
    with Path(__file__).with_name("presets.toml").open("rb") as file:
        return {name: _read(name, table) for name, table in tomllib.load(file).items()}


def find_preset(name: Any, where: str = "") -> Preset:
    """The preset of that name; raises UnknownNameError with the nearest names."""
    if not isinstance(name, str) or name not in presets():
        raise UnknownNameError("preset", str(name), presets(), where)
    return presets()[name]


def _read(name: str, table: dict[str, Any]) -> Preset:
    about = table.pop("about")
    by_modality = {modality: table.pop(modality) for modality in MODALITIES if modality in table}
    return Preset(name, about, table, by_modality)
