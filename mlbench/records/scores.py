"""How precisely a cell's scores are kept."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

PRECISIONS = ("none", "float16", "float32")
"""What `[store] scores` may say, the least first."""
UNREADABLE = (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error)
"""What comes of a file of scores that is not there, or damaged."""


def enough(file: Path, wanted: str) -> bool:
    """Whether a file of scores holds logits at least as precise as a suite wants them kept."""
    return wanted == "none" or PRECISIONS.index(_kept(file)) >= PRECISIONS.index(wanted)


def _kept(file: Path) -> str:
    """Read from the header alone; "none" for a file that is not there or holds no logits."""
    import numpy as np

    try:
        with zipfile.ZipFile(file) as archive, archive.open("test_logits.npy") as member:
            np.lib.format.read_magic(member)
            _, _, kind = np.lib.format.read_array_header_1_0(member)
    except UNREADABLE:
        return "none"
    return kind.name if kind.name in PRECISIONS else "none"
