"""The source of loose files, from the driver to the workers of whatever host."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mlbench.atomic_writes import atomic_write
from mlbench.code.siblings import siblings
from mlbench.datasets.places import cache_root


@dataclass(frozen=True)
class Plugin:
    """A loose file that registers something, carried to whatever host runs a cell.

    files: its bytes by its name, and those of the modules beside it that it imports, by their paths from its folder.
    """

    name: str
    files: tuple[tuple[str, bytes], ...]

    @property
    def digest(self) -> str:
        """Of all its files."""
        told = hashlib.sha256()
        for path, content in self.files:
            told.update(f"{path} {len(content)} ".encode() + content)
        return told.hexdigest()[:16]


def read_plugins(files: Iterable[Path]) -> tuple[Plugin, ...]:
    """Read the files, which are known to be there and to be Python."""
    return tuple(
        Plugin(
            file.name,
            tuple(
                (str(each.relative_to(file.parent)), each.read_bytes()) for each in (file, *siblings(file))
            ),
        )
        for file in files
    )


def write_plugins(plugins: Iterable[Plugin]) -> list[Path]:
    """The files on this host, in a folder of the cache by a hash of what is in them."""
    return [_place(plugin) for plugin in plugins]


def _place(plugin: Plugin) -> Path:
    """A file that is there already stays if it holds what it should: somebody else may write to a cache."""
    try:
        return _write(plugin, cache_root() / "plugins" / plugin.digest)
    except OSError:
        # A cache that cannot be written only costs room.
        return _write(plugin, Path(tempfile.mkdtemp(prefix="mlbench-plugin-")))


def _write(plugin: Plugin, folder: Path) -> Path:
    for path, content in plugin.files:
        file = folder / path
        if not file.is_file() or file.read_bytes() != content:
            file.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(file) as temporary:
                temporary.write_bytes(content)
    return folder / plugin.name
