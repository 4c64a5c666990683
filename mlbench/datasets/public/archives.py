"""Archives from strangers: opened and unpacked so that nothing leaves its folder and no bomb goes off."""

from __future__ import annotations

import io
import lzma
import shutil
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, Any

from mlbench.errors import DataError

LARGEST_MEMBER = 64 << 30
"""Bytes of one member of an archive, unpacked."""

HIGHEST_RATIO, RATIO_FROM = 200, 256 << 20
"""A member of more than RATIO_FROM bytes that was packed more than HIGHEST_RATIO times is a bomb."""

BROKEN = (
    OSError,
    EOFError,
    RuntimeError,
    struct.error,
    zipfile.BadZipFile,
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
)
"""What a packed file raises that is truncated or damaged, encrypted, or of a kind that Python does not unpack."""


def open_tar(place: Path) -> tarfile.TarFile:
    """Open a tar, packed or not. Raises DataError where it is broken."""
    try:
        return tarfile.open(place)
    except BROKEN as error:
        raise DataError(f"{place}: not a readable tar file ({error}); fetch it again") from error


def unpack(place: Path, folder: Path) -> None:
    """Unpack the plain files of a tar under `folder`. Raises DataError for a name that would leave it, a bomb
    or a broken archive."""
    packed = place.stat().st_size
    written = 0
    try:
        with open_tar(place) as archive:
            for item in archive:
                if not item.isreg():
                    continue
                check_name(item.name, place)
                written += item.size
                check_size(item.name, written, packed, place)
                # By hand: what tarfile does safely by itself needs Python 3.11.4.
                source, target = archive.extractfile(item), folder / item.name
                target.parent.mkdir(parents=True, exist_ok=True)
                if source is not None:
                    with source, target.open("wb") as file:
                        shutil.copyfileobj(source, file)
            # The checksum of the whole stands at its end, behind what tar reads.
            while archive.fileobj is not None and (rest := archive.fileobj.read(1 << 20)):
                written += len(rest)
                check_size("(the rest)", written, packed, place)
    except BROKEN as error:
        raise DataError(f"{place}: cannot be unpacked ({error}); fetch it again") from error


def check_name(name: str, place: Path) -> None:
    """Refuse a member's name that climbs out of its archive, or names its folder itself."""
    path = PurePosixPath(name.replace("\\", "/"))
    if not path.parts or path.is_absolute() or ".." in path.parts or ":" in path.parts[0] or "\0" in name:
        raise DataError(
            f"{place}: its member {name!r} would leave the archive's folder; do not use this file"
        )


class Bounded(io.RawIOBase):
    """What a packed file unpacks to, refused once it is absurdly more than it was. Raises DataError as `check_size`."""

    def __init__(self, stream: IO[bytes], place: Path) -> None:
        self._stream, self._place, self._packed, self._read = stream, place, place.stat().st_size, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        found = self._stream.read(len(buffer))
        self._read += len(found)
        check_size(self._place.stem, self._read, self._packed, self._place)
        buffer[: len(found)] = found
        return len(found)

    def close(self) -> None:
        self._stream.close()
        super().close()


def check_size(name: str, size: int, packed: int, place: Path) -> None:
    """Refuse a member that unpacks to absurdly more than it was."""
    if size > LARGEST_MEMBER or (size > RATIO_FROM and size > HIGHEST_RATIO * max(packed, 1)):
        raise DataError(
            f"{place}: its member {name!r} unpacks {packed:,} bytes to {size:,}: a bomb; not opened"
        )
