"""Where a long cell stands, written now and then, so that a kill costs minutes and not the cell."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from mlbench.errors import DataError
from mlbench.training.tree import load_tree, save_tree
from mlbench.version import TRAINING_VERSION


def never() -> bool:
    """The `stop` of a training that nobody stops."""
    return False


@dataclass
class Checkpoint:
    """A cell's checkpoint in the file `path`, written every `every` seconds and once where `stop` is true.

    The file is of one cell alone: whoever names it puts the cell's id in the name, and removes it once the
    cell's record is written.
    """

    path: Path
    every: float = 600.0
    stop: Callable[[], bool] = never
    _last: float = field(default_factory=time.monotonic, init=False, repr=False)

    def due(self) -> bool:
        """Whether it is time to write; looks at a clock alone."""
        return time.monotonic() - self._last >= self.every or self.stop()

    def save(self, state: dict[str, Any], code: str = "") -> None:
        """Write a state (nested dicts and lists of tensors, numbers and text) that `code` made, whole or not at
        all. Where the disk refuses, what was written before stays, and the training goes on."""
        try:
            save_tree({"version": TRAINING_VERSION, "code": code, "state": state}, self.path)
        except (OSError, SafetensorError) as error:
            warnings.warn(f"a checkpoint could not be written: {self.path}: {error}", stacklevel=2)
        self._last = time.monotonic()

    def load(self, code: str = "") -> dict[str, Any] | None:
        """The state written last; None where there is none. One that cannot be read, or that another version of
        the training or other code than `code` made, is warned of and left out."""
        if not self.path.exists():
            return None
        try:
            tree = load_tree(self.path)
        except DataError as error:
            warnings.warn(f"the cell starts anew: {error}", stacklevel=2)
            return None
        if (tree.get("version"), tree.get("code")) != (TRAINING_VERSION, code):
            warnings.warn(f"the cell starts anew: {self.path} is of other training code", stacklevel=2)
            return None
        state: dict[str, Any] = tree["state"]
        return state
