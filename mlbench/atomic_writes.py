"""Files that others read while they are written: there whole, or not at all."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

UNFINISHED = ".part"
"""The suffix of files that are being written."""


@contextmanager
def atomic_write(target: Path, through: Path | None = None) -> Iterator[Path]:
    """A path to write a file to, which at the end of the block is flushed to the disk and becomes `target`.

    It lies in the folder `through`, of the same file system, or else beside `target`, and is removed where the block
    fails. A process that is killed leaves it: its name tells whose it was (`unique_name`).
    """
    temporary = (through or target.parent) / f"{unique_name(target.stem)}{UNFINISHED}"
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def unique_name(stem: str) -> str:
    """A file name that no other process makes: stem-host-process-random."""
    return f"{stem}-{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:12]}"
