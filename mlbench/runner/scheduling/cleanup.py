"""Removing what killed processes left in a store's `tmp/`, `locks/` and `checkpoints/`; the living keep theirs."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

import psutil

from mlbench.records import Store
from mlbench.runner.scheduling.locks import has_expired, is_stale, read_lock, remove_stale

EARLIER_LOCKS = "claims"
"""The folder in which code before this kept locks: what a killed run left there is removed too."""


def clean(store: Store) -> None:
    """Remove the locks of cells and of runs and the temporary files whose process is gone, and the checkpoints of cells
    that have a record."""
    alive, earlier = set(), store.folder / EARLIER_LOCKS
    for file in (*_files(store.locks_folder), *_files(earlier)):
        content = read_lock(file)
        if is_stale(file, content, store):
            remove_stale(file, content, store)
        else:
            alive.add(file.stem)
    with contextlib.suppress(OSError):
        # It is not empty while a run of earlier code is alive.
        earlier.rmdir()
    for file in _files(store.tmp_folder):
        stem, _, maker = file.name.partition("-")
        if stem not in alive and _maker_is_gone(file, maker, store):
            _remove(file)
    checkpoints = [file for file in _files(store.checkpoints_folder) if file.stem.split("-")[0] not in alive]
    recorded = store.ids() if checkpoints else set()
    for file in checkpoints:
        if file.suffix != ".safetensors" or file.stem in recorded:
            _remove(file)


def remove_traces(store: Store, identifier: str, pid: int) -> None:
    """Remove the temporary files of one process of this host that was killed in a cell; its checkpoint stays."""
    for file in (
        *store.tmp_folder.glob(f"*-{socket.gethostname()}-{pid}-*"),
        *store.checkpoints_folder.glob(f"{identifier}-*"),
    ):
        _remove(file)


def _maker_is_gone(file: Path, maker: str, store: Store) -> bool:
    """By the file's name, which ends in host, process and a random part."""
    host, _, rest = maker.rpartition("-")[0].rpartition("-")
    if host != socket.gethostname() or not rest.isdigit():
        return has_expired(file, store)
    try:
        return psutil.Process(int(rest)).create_time() > file.stat().st_mtime + 1
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, OSError):
        return False


def _files(folder: Path) -> list[Path]:
    return [entry for entry in folder.iterdir() if entry.is_file()] if folder.is_dir() else []


def _remove(file: Path) -> None:
    with contextlib.suppress(OSError):
        file.unlink(missing_ok=True)
