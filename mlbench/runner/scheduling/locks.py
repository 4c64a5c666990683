"""Cell locks: a file made exclusively says that a cell is being worked on, and by whom.

One mechanism by which the slots of a run, two runs at once, and hosts on a shared file system all share the
work. A heartbeat keeps a lock alive. It is stale when its owner is gone: at once where that can be seen (the
same host), else after EXPIRY without a heartbeat. Two owners of one cell waste time and do no harm, since
records are written whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlbench.atomic_writes import unique_name
from mlbench.errors import DataError
from mlbench.plain_text import fit_all
from mlbench.records import Store
from mlbench.runner.scheduling.owner import Owner

EXPIRY = 60.0
"""Seconds without a heartbeat after which a lock of another host is stale."""
HEARTBEAT = 2.0
"""Seconds between two heartbeats."""

UNNAMED_CELL = {"dataset": "?", "fraction": 0.0, "seed": 0, "loss": "?"}
"""What is shown of a lock that does not say what it is of."""
_WIDTH = 1024


@dataclass(frozen=True)
class CellLock:
    """A cell that this process holds."""

    file: Path
    """The lock's file, in the store's `locks/`."""
    content: Mapping[str, Any]
    """What it says: `owner`, a random `token`, and what `status` shows of the cell."""

    @classmethod
    def acquire(cls, store: Store, identifier: str, about: Mapping[str, Any]) -> CellLock | None:
        """The lock of a cell, or None where somebody else holds it.

        Raises DataError where the disk refuses.
        """
        file = store.locks_folder / f"{identifier}.lock"
        lock = cls(file, {"owner": Owner.this_process().describe(), "token": uuid.uuid4().hex, **about})
        try:
            return lock if lock._make() or (_remove_if_stale(file, store) and lock._make()) else None
        except OSError as error:
            raise DataError(f"{file}: a cell cannot be locked: {error.strerror}") from error

    def _make(self) -> bool:
        try:
            handle = os.open(self.file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError:
            return False
        try:
            os.write(handle, _padded(self.content))
        except OSError:
            self.file.unlink(missing_ok=True)
            raise
        finally:
            os.close(handle)
        return True

    def heartbeat(self, progress: Mapping[str, Any] | None = None) -> None:
        """Say that the cell is still being worked on, and how far it is."""
        with contextlib.suppress(OSError), self.file.open("r+b", buffering=0) as file:
            file.write(_padded({**self.content, "progress": dict(progress or {})}))

    def release(self) -> None:
        """Let others have the cell."""
        _remove(self.file)


def read_lock(file: Path) -> dict[str, Any]:
    """What a lock says; empty where it is gone or only just being written."""
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return fit_all(content) if isinstance(content, dict) else {}


def cell_locks(store: Store) -> Iterator[tuple[str, dict[str, Any]]]:
    """What every lock of a store that is not stale says, with the id of its cell."""
    if store.locks_folder.is_dir():
        for file in sorted(store.locks_folder.glob("*.lock")):
            content = read_lock(file)
            if content and not is_stale(file, content, store):
                yield file.stem, {**UNNAMED_CELL, **content}


def is_stale(file: Path, content: Mapping[str, Any], store: Store) -> bool:
    """Whether the process that keeps `file` alive is gone, by what `content` says of it."""
    owner = Owner.parse(content.get("owner"))
    alive = owner.alive() if owner else None
    return has_expired(file, store) if alive is None else not alive


def has_expired(file: Path, store: Store) -> bool:
    """Whether a file has had no heartbeat for EXPIRY. How old its stamp is says the clock of the machine that holds the
    disk, when this process sees that stamp first; from then on a clock counts that nobody sets. So one that is set
    forward frees nothing, and a stamp in the future, as after one was set back, frees its file all the same."""
    try:
        stamp = file.stat().st_mtime
        known, renewed = _renewed.get(file, (None, 0.0))
        if known != stamp:
            renewed = time.monotonic() - max(0.0, _disk_time(store) - stamp)
            _renewed[file] = stamp, renewed
    except OSError:
        return False
    return time.monotonic() - renewed > EXPIRY


_renewed: dict[Path, tuple[float | None, float]] = {}
"""By file: its stamp, and when it got that, by `time.monotonic()`."""


_clocks: dict[Path, tuple[float, float]] = {}
"""By folder: what that clock showed when a file was made there last, and when that was by this machine's."""


def _disk_time(store: Store) -> float:
    """The time by the clock of the machine that holds the disk. It is asked once a heartbeat, since that makes a file
    which a shared file system carries to that machine."""
    shown, asked = _clocks.get(store.tmp_folder, (0.0, -math.inf))
    if time.monotonic() - asked >= HEARTBEAT:
        probe = store.tmp_folder / unique_name("clock")
        try:
            probe.touch()
            shown, asked = probe.stat().st_mtime, time.monotonic()
        finally:
            with contextlib.suppress(OSError):
                probe.unlink(missing_ok=True)
        _clocks[store.tmp_folder] = shown, asked
    return shown + time.monotonic() - asked


def _remove_if_stale(file: Path, store: Store) -> bool:
    content = read_lock(file)
    if not is_stale(file, content, store):
        return False
    remove_stale(file, content, store)
    return True


def remove_stale(file: Path, content: Mapping[str, Any], store: Store) -> None:
    """Remove a stale lock, unless somebody has taken its place since `content` was read.

    The guard's name says which lock it is for, and one process alone can make it: while it is there nobody
    else removes that lock, so that what is read is what is removed.
    """
    token = hashlib.sha256(str(content.get("token")).encode()).hexdigest()[:16]
    guard = store.tmp_folder / f"{file.name}-{token}.removal"
    try:
        os.close(os.open(guard, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        if has_expired(guard, store):
            # Whoever made it died over it; the next try removes the lock.
            _remove(guard)
        return
    except OSError:
        return
    try:
        if read_lock(file).get("token") == content.get("token"):
            _remove(file)
    finally:
        _remove(guard)


def _remove(file: Path) -> None:
    """Somebody may have put a folder in a lock's place. A disk that has turned read-only keeps it."""
    with contextlib.suppress(OSError):
        if file.is_dir() and not file.is_symlink():
            shutil.rmtree(file)
        else:
            file.unlink(missing_ok=True)


def _padded(content: Mapping[str, Any]) -> bytes:
    """Always of one width, so that a heartbeat overwrites the one before it in a single write."""
    text = json.dumps(content).encode()
    if len(text) > _WIDTH:
        text = json.dumps({key: content[key] for key in ("owner", "token")}).encode()
    return text.ljust(_WIDTH - 1) + b"\n"
