"""How precisely a cell's scores are kept."""

from __future__ import annotations

import contextlib
import lzma
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.lib.npyio import NpzFile

PRECISIONS = ("none", "float16", "float32")
"""What `[store] scores` may say, the least first."""
UNREADABLE = (
    OSError,
    EOFError,
    KeyError,
    IndexError,
    ValueError,
    TypeError,
    RuntimeError,
    MemoryError,
    SyntaxError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)
"""What comes of a file of scores that is not there, damaged, encrypted, packed as Python does not unpack it, or whose
arrays claim to be larger than any memory: NumPy reads what they say of themselves as Python code."""


@contextlib.contextmanager
def open_scores(file: Path) -> Iterator[NpzFile]:
    """The arrays of a file of scores. Raises one of UNREADABLE, here and where they are read."""
    import numpy as np

    with np.load(present(file), allow_pickle=False) as stored:
        yield stored


def present(file: Path) -> Path:
    """The file. Raises FileNotFoundError where there is none, or a pipe, which would never end."""
    if not file.is_file():
        raise FileNotFoundError(f"{file}: no such file")
    return file


def enough(file: Path, wanted: str) -> bool:
    """Whether a file of scores holds logits at least as precise as a suite wants them kept."""
    return wanted == "none" or PRECISIONS.index(_kept(file)) >= PRECISIONS.index(wanted)


def _kept(file: Path) -> str:
    """Read from the header alone; "none" for a file that is not there or holds no logits."""
    import numpy as np

    try:
        with zipfile.ZipFile(present(file)) as archive, archive.open("test_logits.npy") as member:
            np.lib.format.read_magic(member)
            _, _, kind = np.lib.format.read_array_header_1_0(member)
    except UNREADABLE:
        return "none"
    return kind.name if kind.name in PRECISIONS else "none"
