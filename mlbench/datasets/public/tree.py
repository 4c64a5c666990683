"""Public files as one tree of members, whether they lie in archives, in folders or alone.

Nothing is unpacked but compressed tars, into a folder that the caller removes; no member can leave it. Links
and devices are passed over, names that climb out of their archive are refused, and so are bombs: members that
promise more than they can hold.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any

from mlbench.datasets.public.archives import BROKEN, Bounded, check_name, check_size, open_tar, unpack
from mlbench.errors import DataError, did_you_mean

_ALONE: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_PACKED_TARS = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


class Tree:
    """The members of several files and folders by name; where a name occurs twice the first one counts."""

    def __init__(self, places: Iterable[Path], work: Path) -> None:
        self._open: dict[str, Callable[[], IO[bytes]]] = {}
        self._work = work
        self._kept: list[zipfile.ZipFile | tarfile.TarFile] = []
        try:
            for place in places:
                self._add(place)
        except BaseException:
            self.__exit__()
            raise
        self.names = sorted(self._open)
        self._by_last: dict[str, list[str]] = {}
        for name in self.names:
            self._by_last.setdefault(name.rpartition("/")[2], []).append(name)

    def __enter__(self) -> Tree:
        return self

    def __exit__(self, *_: object) -> None:
        for archive in self._kept:
            archive.close()

    def find(self, ending: str) -> str:
        """The member whose path ends with `ending` (whole parts). Raises DataError where there is none."""
        found = self.find_all(ending)
        if not found:
            names = {PurePosixPath(name).name for name in self.names}
            hint = did_you_mean(PurePosixPath(ending).name, sorted(names)[:5000])
            raise DataError(f"{ending!r} is not among the {len(self.names)} files given{hint}")
        return min(found, key=lambda name: (name.count("/"), name))

    def find_all(self, ending: str) -> list[str]:
        """Every member whose path ends with `ending` (whole parts)."""
        alike = self._by_last.get(ending.rpartition("/")[2], ())
        return [name for name in alike if name == ending or name.endswith(f"/{ending}")]

    def has(self, ending: str) -> bool:
        """Whether there is such a member."""
        return bool(self.find_all(ending))

    def by_file_name(self, *suffixes: str, under: str = "") -> dict[str, str]:
        """File name -> member, for members with one of the suffixes, in a folder called `under`."""
        chosen: dict[str, str] = {}
        for name in self.names:
            path = PurePosixPath(name)
            if path.suffix.lower() in suffixes and (not under or under in path.parts[:-1]):
                chosen.setdefault(path.name, name)
        return chosen

    def open(self, name: str) -> IO[bytes]:
        """A member's bytes as a stream."""
        return self._open[name]()

    def read(self, name: str) -> bytes:
        """A member's bytes. Raises DataError where the archive is broken."""
        with _unbroken(name), self.open(name) as stream:
            return stream.read()

    def text(self, ending: str, encoding: str = "utf-8") -> str:
        """The text of the member whose path ends with `ending`. Raises DataError as `read` and `lines` do."""
        name = self.find(ending)
        with _unbroken(name):
            return self.read(name).decode(encoding)

    def lines(self, ending: str, encoding: str = "utf-8") -> Iterator[str]:
        """The lines, without their ends, of a member that may be too large for memory.

        Raises DataError where the archive is broken or what it holds is no such text.
        """
        name = self.find(ending)
        with (
            _unbroken(name),
            self.open(name) as member,
            io.TextIOWrapper(member, encoding=encoding, newline=None) as stream,
        ):
            for line in stream:
                yield line.rstrip("\n")

    def _add(self, place: Path) -> None:
        lower = place.name.lower()
        if place.is_dir():
            for file in sorted(place.rglob("*")):
                if file.is_symlink():
                    # It may lead anywhere on this machine.
                    continue
                if file.name.lower().endswith((".zip", ".tar", *_PACKED_TARS)):
                    self._add(file)
                elif file.is_file():
                    self._add_member(f"{place.name}/{file.relative_to(place).as_posix()}", file)
        elif lower.endswith(_PACKED_TARS):
            folder = self._work / place.name.split(".")[0]
            unpack(place, folder)
            self._add(folder)
        elif lower.endswith(".tar"):
            self._add_tar(place)
        elif lower.endswith(".zip"):
            self._add_zip(place)
        else:
            self._add_member(place.name, place)

    def _add_member(self, name: str, file: Path) -> None:
        """A file of its own; one that is packed alone is known by the name inside."""
        suffix = file.suffix.lower()
        if suffix in _ALONE:
            self._open.setdefault(name[: -len(suffix)], lambda: _alone(suffix, file))
        else:
            self._open.setdefault(name, lambda: file.open("rb"))

    def _add_zip(self, place: Path) -> None:
        try:
            archive = zipfile.ZipFile(place)
        except (*BROKEN, UnicodeDecodeError) as error:
            raise DataError(f"{place}: not a readable zip file ({error}); fetch it again") from error
        self._kept.append(archive)
        for item in archive.infolist():
            if not item.filename.endswith("/"):  # `is_dir` fails on a damaged one without a name
                check_name(item.filename, place)
                check_size(item.filename, item.file_size, item.compress_size, place)
                self._open.setdefault(item.filename, partial(archive.open, item))

    def _add_tar(self, place: Path) -> None:
        archive = open_tar(place)
        self._kept.append(archive)
        for item in archive:
            if item.isreg():
                check_name(item.name, place)
                self._open.setdefault(item.name, partial(_member, archive, item))


def _alone(suffix: str, file: Path) -> IO[bytes]:
    return io.BufferedReader(Bounded(_ALONE[suffix](file), file), 1 << 16)


@contextmanager
def _unbroken(name: str) -> Iterator[None]:
    """Reading the member `name`: DataError where its bytes or its text are broken."""
    try:
        yield
    except BROKEN as error:
        raise DataError(f"{name}: cannot be read from its archive ({error}); fetch it again") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: not {error.encoding} text: {error}") from None


def _member(archive: tarfile.TarFile, item: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(item)
    if stream is None:
        raise DataError(f"{item.name}: not a plain file of its archive")
    return stream
