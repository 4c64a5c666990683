"""A folder of arrays that are computed once: memory-mapped, keyed by what decides their content."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from filelock import FileLock


@dataclass(frozen=True)
class Cache:
    """Arrays under `folder`. Several processes may ask for the same one: one computes, the others wait. An
    array is moved into place when it is whole, so a kill in the middle leaves nothing half there."""

    folder: Path

    def array(self, key: Mapping[str, Any], compute: Callable[[], npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """The array of `key` (a JSON value), read-only and memory-mapped; computed where it is not there."""
        text = json.dumps(key, sort_keys=True)
        name = hashlib.sha256(text.encode()).hexdigest()[:24]
        file = self.folder / f"{name}.npy"
        if not file.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self.folder / f"{name}.lock"):
                if not file.exists():
                    self._place(file, np.ascontiguousarray(compute()), text)
        loaded: npt.NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
        return loaded

    def _place(self, file: Path, array: npt.NDArray[Any], key: str) -> None:
        temporary = file.with_name(f"{file.stem}-{os.getpid()}-{uuid.uuid4().hex[:8]}.tmp")
        try:
            with temporary.open("xb") as stream:
                np.save(stream, array, allow_pickle=False)
            file.with_suffix(".json").write_text(key + "\n", encoding="utf-8")
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)
