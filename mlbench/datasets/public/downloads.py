"""Files from the network: resumed where they stopped, checked, moved into place when they are whole."""

from __future__ import annotations

import hashlib
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mlbench.errors import DataError, DatasetNotFoundError

Progress = Callable[[str, int, int | None], None]
"""Called with a file's name, the bytes that are there, and the bytes that it has in all, if known."""

BLOCK, TIMEOUT, TRIES = 1 << 20, 30.0, 4


@dataclass(frozen=True)
class Download:
    """One public file.

    - `name`: it may have folders, where files of one name lie in several.
    - `url`: None where an account or a form stands before it.
    - `size`: bytes, as published; for planning.
    - `checksum`: "sha256:…", "sha1:…" or "md5:…", where the owners or many users publish it.
    - `note`: where to get a file that has no `url`.
    """

    name: str
    url: str | None = None
    size: int | None = None
    checksum: str | None = None
    note: str = ""


def download(item: Download, folder: Path, progress: Progress | None = None) -> Path:
    """The file in `folder`, fetched unless it is there. Raises DatasetNotFoundError where it cannot be had and
    DataError where it is not what it should be."""
    target = folder / item.name
    if target.is_file():
        return target
    if item.url is None:
        raise DatasetNotFoundError(f"{item.name} has to be fetched by hand: {item.note}")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = folder / f"{item.name}.part"
    for attempt in range(TRIES):
        try:
            _resume(item, part, progress)
            break
        except urllib.error.HTTPError as error:
            if error.code == 416 and part.exists():
                part.unlink()
            elif error.code < 500 or attempt == TRIES - 1:
                raise DatasetNotFoundError(
                    f"{item.url}: the server answers {error.code} {error.reason}"
                ) from None
        except (urllib.error.URLError, TimeoutError, ConnectionError, OSError) as error:
            reason = getattr(error, "reason", error)
            if attempt == TRIES - 1 or not part.exists():
                raise DatasetNotFoundError(f"{item.url}: cannot be reached ({reason})") from None
        time.sleep(0.5 * 2**attempt)
    problem = mismatch(item, part)
    if problem:
        part.unlink()
        raise DataError(
            f"{item.name} from {item.url} {problem}: damaged on the way or changed; fetch it again"
        )
    part.replace(target)
    return target


def _resume(item: Download, part: Path, progress: Progress | None) -> None:
    """Fetch what `part` lacks. Raises ConnectionError where the stream ends too soon."""
    start = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(str(item.url), headers={"User-Agent": "mlbench"})
    if start:
        request.add_header("Range", f"bytes={start}-")
    if request.type not in ("http", "https"):
        raise DataError(f"{item.url}: only http and https are fetched")
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        if start and answer.status != 206:
            start = 0
        length = answer.headers.get("Content-Length")
        total = start + int(length) if length else item.size
        with part.open("ab" if start else "wb") as stream:
            done = _copy(
                answer, stream, start, lambda at: progress(item.name, at, total) if progress else None
            )
    if total is not None and done < total:
        raise ConnectionError(f"the stream ended after {done:,} of {total:,} bytes")


def _copy(source: IO[bytes], target: IO[bytes], start: int, tell: Callable[[int], None]) -> int:
    done = start
    while block := source.read(BLOCK):
        target.write(block)
        done += len(block)
        tell(done)
    return done


def mismatch(item: Download, file: Path) -> str:
    """How the file differs from the checksum that is pinned; "" where it does not, or none is pinned."""
    if item.checksum is not None:
        kind, wanted = item.checksum.split(":")
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, kind).hexdigest()
        if found != wanted:
            return f"has {kind} {found} instead of {wanted}"
    return ""
