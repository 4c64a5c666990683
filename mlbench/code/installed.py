"""Which copy of mlbench this is: a slot on another host may have another, whose cells would be others."""

from __future__ import annotations

import hashlib
from functools import cache

from mlbench.code.declarations import PACKAGE_FOLDER
from mlbench.version import TRAINING_VERSION, __version__

_ASIDE = ("cli", "report")
"""Rooms that no slot uses."""


@cache
def code_digest() -> str:
    """The version, and a digest of what a slot runs."""
    told = hashlib.sha256()
    for file in sorted(PACKAGE_FOLDER.rglob("*.py")):
        path = file.relative_to(PACKAGE_FOLDER)
        if path.parts[0] not in _ASIDE:
            told.update(f"{path}\n".encode() + file.read_bytes())
    return f"{__version__}, training {TRAINING_VERSION}, {told.hexdigest()[:12]}"
