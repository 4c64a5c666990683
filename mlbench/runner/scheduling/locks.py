"""Claims: a file made exclusively says that a cell is being worked on, and by whom.

One mechanism by which the slots of a run, two runs at once, and hosts on a shared file system share the
work. A claim is kept alive by its time stamp. It is free again when its owner is gone: at once where that
can be seen (the same host), else after EXPIRY without a beat. Two owners of one cell waste time and do no
harm, since records are written whole.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlbench.atomic_writes import unique_name
from mlbench.errors import DataError
from mlbench.records import Store
from mlbench.runner.scheduling.owner import Owner

EXPIRY = 60.0
"""Seconds without a beat after which a claim of another host counts as abandoned."""
BEAT = 2.0
"""Seconds between two beats."""

_WIDTH = 1024


@dataclass(frozen=True)
class Claim:
    """A cell that this process holds."""

    file: Path
    content: Mapping[str, Any]

    @classmethod
    def take(cls, store: Store, identifier: str, about: Mapping[str, Any]) -> Claim | None:
        """The claim of a cell, or None where somebody else holds it.

        Raises DataError where the disk refuses.
        """
        file = store.claims_folder / f"{identifier}.claim"
        claim = cls(file, {"owner": Owner.this_process().describe(), "token": uuid.uuid4().hex, **about})
        try:
            return claim if claim._make() or (_bury_if_abandoned(file, store) and claim._make()) else None
        except OSError as error:
            raise DataError(f"{file}: a cell cannot be claimed: {error.strerror}") from error

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

    def beat(self, progress: Mapping[str, Any] | None = None) -> None:
        """Say that the cell is still being worked on, and how far it is."""
        with contextlib.suppress(OSError), self.file.open("r+b", buffering=0) as file:
            file.write(_padded({**self.content, "progress": dict(progress or {})}))

    def release(self) -> None:
        self.file.unlink(missing_ok=True)


def read_claim(file: Path) -> dict[str, Any]:
    """What a claim says; empty where it is gone or only just being written."""
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def claims(store: Store) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every live claim of a store, with the id of its cell."""
    if store.claims_folder.is_dir():
        for file in sorted(store.claims_folder.glob("*.claim")):
            content = read_claim(file)
            if content and not abandoned(file, content, store):
                yield file.stem, content


def abandoned(file: Path, content: Mapping[str, Any], store: Store) -> bool:
    """Whether the process that keeps `file` alive is gone, by what `content` says of it."""
    owner = Owner.parse(content.get("owner"))
    alive = owner.alive() if owner else None
    return silent(file, store) if alive is None else not alive


def silent(file: Path, store: Store) -> bool:
    """Whether a file has had no beat for EXPIRY, by the clock of the machine that holds the disk."""
    probe = store.tmp_folder / unique_name("clock")
    try:
        beaten = file.stat().st_mtime
        probe.touch()
        return probe.stat().st_mtime - beaten > EXPIRY
    except OSError:
        return False
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)


def _bury_if_abandoned(file: Path, store: Store) -> bool:
    content = read_claim(file)
    if not abandoned(file, content, store):
        return False
    bury(file, content, store)
    return True


def bury(file: Path, content: Mapping[str, Any], store: Store) -> None:
    """Remove an abandoned claim, unless somebody has taken its place since `content` was read.

    The tomb's name says which claim it is for, and one process alone can make it: while it is there nobody
    else removes that claim, so that what is looked at is what is removed.
    """
    tomb = store.tmp_folder / f"{file.name}-{content.get('token', '')}.tomb"
    try:
        os.close(os.open(tomb, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except OSError:
        return
    try:
        if read_claim(file).get("token") == content.get("token"):
            file.unlink(missing_ok=True)
    finally:
        tomb.unlink(missing_ok=True)


def _padded(content: Mapping[str, Any]) -> bytes:
    """Always of one width, so that a beat overwrites the one before it in a single write."""
    text = json.dumps(content).encode()
    if len(text) > _WIDTH:
        text = json.dumps({key: content[key] for key in ("owner", "token")}).encode()
    return text.ljust(_WIDTH - 1) + b"\n"
