"""The source of loose files, from the driver to the workers of whatever host."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mlbench.atomic_writes import atomic_write
from mlbench.datasets.places import cache_root


@dataclass(frozen=True)
class Plugin:
    """A loose file that registers something, carried to whatever host runs a cell."""

    name: str
    source: str


def read_plugins(files: Iterable[Path]) -> tuple[Plugin, ...]:
    """Read the files, which are known to be there and to be Python."""
    return tuple(Plugin(file.name, file.read_text(encoding="utf-8")) for file in files)


def write_plugins(plugins: Iterable[Plugin]) -> list[Path]:
    """The files on this host, in the cache folder by a hash of their source."""
    return [_place(plugin) for plugin in plugins]


def _place(plugin: Plugin) -> Path:
    digest = hashlib.sha256(plugin.source.encode()).hexdigest()[:16]
    file = cache_root() / "plugins" / digest / plugin.name
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(file) as temporary:
            temporary.write_text(plugin.source, encoding="utf-8", newline="")
    return file
