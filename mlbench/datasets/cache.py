"""A folder of arrays that are computed once: memory-mapped, keyed by what decides their content.

Several processes may ask for the same array: the first claims it by a lock that is free again when its owner is
gone, the others wait. An array is moved into place when it is whole, so a kill in the middle leaves nothing half
there; what it left is removed by the next one who computes the array.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from filelock import FileLock, Timeout

from mlbench.atomic_writes import UNFINISHED, atomic_write
from mlbench.datasets.places import cache_root, fetched_root
from mlbench.errors import ConfigError, did_you_mean
from mlbench.plain_text import parse_json
from mlbench.version import TRAINING_VERSION

NAMES = ".names"
"""The folder that says which dataset a fingerprint is; hidden, so that it is no kind of its own."""


@dataclass(frozen=True)
class Cache:
    """Arrays under `folder`; those that another TRAINING_VERSION prepared are not its."""

    folder: Path

    def array(self, key: Mapping[str, Any], compute: Callable[[], npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """The array of `key` (a JSON value), memory-mapped; computed where it is not there. Its pages are shared
        by all processes that read it; who writes into it changes a copy of the page, never the file."""

        def write(temporary: Path) -> None:
            with temporary.open("xb") as stream:
                np.save(stream, np.ascontiguousarray(compute()), allow_pickle=False)

        return self._get(key, write)

    def filled(
        self,
        key: Mapping[str, Any],
        shape: Sequence[int] | Callable[[], Sequence[int]],
        dtype: npt.DTypeLike,
        fill: Callable[[npt.NDArray[Any]], None],
    ) -> npt.NDArray[Any]:
        """As `array`, for one that may be larger than memory: `fill` writes into the file itself.
        A function of a shape is called where the array is computed alone."""

        def write(temporary: Path) -> None:
            wanted = tuple(shape() if callable(shape) else shape)
            target = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.dtype(dtype), shape=wanted)
            fill(target)
            target.flush()

        return self._get(key, write)

    def _get(self, key: Mapping[str, Any], write: Callable[[Path], None]) -> npt.NDArray[Any]:
        text = json.dumps({"version": TRAINING_VERSION, **key}, sort_keys=True)
        name = hashlib.sha256(text.encode()).hexdigest()[:24]
        file = self.folder / f"{name}.npy"
        if not file.exists():
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                lock = FileLock(self.folder / f"{name}.lock")
                lock.acquire()
            except (OSError, NotImplementedError) as error:
                return self._uncached(write, error)
            try:
                if not file.exists():
                    self._place(file, write, text)
            finally:
                lock.release()
        loaded: npt.NDArray[Any] = np.load(file, mmap_mode="c", allow_pickle=False)
        return loaded

    def _uncached(self, write: Callable[[Path], None], error: Exception) -> npt.NDArray[Any]:
        """The array in memory alone, where the folder cannot be written."""
        warnings.warn(
            f"the cache {self.folder} cannot be written ({error}): what is kept there is computed each time; "
            "set $MLBENCH_CACHE to a folder that can be",
            stacklevel=2,
        )
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            file = Path(folder) / "array.npy"
            write(file)
            loaded: npt.NDArray[Any] = np.load(file, allow_pickle=False)
            return loaded

    def _place(self, file: Path, write: Callable[[Path], None], key: str) -> None:
        """Called by the owner of the lock: whatever else is half there is nobody's."""
        for left in self.folder.glob(f"{file.stem}-*{UNFINISHED}"):
            left.unlink(missing_ok=True)
        with atomic_write(file) as temporary:
            write(temporary)
            file.with_suffix(".json").write_text(key + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Entry:
    """One thing in the cache folder: a fetched dataset, an array, a downloaded file, …

    `kind` is the cache folder's subfolder, `about` says what it is, `used` is the time it was last changed.
    """

    kind: str
    name: str
    bytes: int
    used: float
    about: str
    path: Path

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {**vars(self), "path": str(self.path)}


def cache_entries() -> list[Entry]:
    """Everything in the cache folder, by kind, then largest first."""
    root = cache_root()
    entries = []
    for folder in sorted(root.iterdir()) if root.is_dir() else []:
        if folder.is_dir() and not folder.name.startswith("."):
            entries += [_entry(folder.name, path) for path in folder.iterdir() if _counts(path)]
    return sorted(entries, key=lambda entry: (entry.kind, -entry.bytes, entry.name))


def clear_cache(kind: str | None = None, *, older_than: float | None = None) -> list[Entry]:
    """Remove what is in the cache (of one kind; not changed for `older_than` seconds) and say what went.

    Raises ConfigError for a kind that is not there. What a process holds the lock of stays: it is computing it.
    """
    entries = cache_entries()
    kinds = sorted({entry.kind for entry in entries})
    if kind is not None and entries and kind not in kinds:
        raise ConfigError(f"the cache holds nothing of kind {kind!r}{did_you_mean(kind, kinds)}")
    now = time.time()
    chosen = [
        entry
        for entry in entries
        if (kind is None or entry.kind == kind) and (older_than is None or now - entry.used > older_than)
    ]
    return [entry for entry in chosen if _remove(entry)]


def _remove(entry: Entry) -> bool:
    """Remove an entry and what stands beside it, its locks held; False where another process holds one."""
    with ExitStack() as held:
        locks = [lock for lock in _locks(entry) if lock.exists()]
        try:
            for lock in locks:
                held.enter_context(FileLock(lock, timeout=0))
        except Timeout:
            return False
        if entry.path.is_dir():
            shutil.rmtree(entry.path)
            return True
        beside = entry.path.parent.glob(f"{entry.path.stem}-*{UNFINISHED}") if locks else ()
        for path in (entry.path, entry.path.with_suffix(".json"), *beside, *locks):
            path.unlink(missing_ok=True)
    return True


def _locks(entry: Entry) -> list[Path]:
    """The locks of who computes an array, or who makes a dataset of what was downloaded for it."""
    if entry.path.is_dir():
        return [
            lock
            for lock in fetched_root().glob(".*.lock")
            if lock.stem.removeprefix(".").split(",")[0] == entry.name.split(",")[0]
        ]
    return [entry.path.with_suffix(".lock")]


def _counts(path: Path) -> bool:
    """Locks, files that are being written and the notes beside arrays, finished or not, are no entries of their own."""
    hidden = path.name.startswith(".") or path.suffix in (".lock", UNFINISHED)
    beside = path.suffix == ".json" and any(path.with_suffix(end).exists() for end in (".npy", ".lock"))
    return not hidden and not beside


def _entry(kind: str, path: Path) -> Entry:
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    note = path.with_suffix(".json")
    about = (
        _called(note.read_text(encoding="utf-8").strip()) if path.suffix == ".npy" and note.exists() else ""
    )
    status = [file.stat() for file in files]
    return Entry(
        kind,
        path.name,
        sum(item.st_size for item in status),
        max((item.st_mtime for item in status), default=path.stat().st_mtime),
        about,
        path,
    )


def keep_name(fingerprint: str, name: str) -> None:
    """Note what the dataset of a fingerprint was last called, for who lists the cache."""
    file = cache_root() / NAMES / fingerprint
    try:
        if not file.is_file() or file.read_text(encoding="utf-8") != name:
            file.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(file) as temporary:
                temporary.write_text(name, encoding="utf-8")
    except OSError:
        return


def _called(key: str) -> str:
    """The key of an array, after the name of its dataset where that is known."""
    try:
        fingerprint = str(parse_json(key).get("data", ""))
        name = (cache_root() / NAMES / fingerprint).read_text(encoding="utf-8") if fingerprint else ""
    except (OSError, ValueError, AttributeError):
        return key
    return f"{name}: {key}" if name else key
