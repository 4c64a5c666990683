"""Where a long cell stands, written now and then, so that a kill costs minutes and not the cell."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from mlbench.atomic_writes import atomic_write
from mlbench.errors import DataError
from mlbench.version import TRAINING_VERSION

FORMAT = 2
"""Of the state in a checkpoint; raised by hand when its keys change."""


def never() -> bool:
    """The `stop` of a training that is never stopped."""
    return False


@dataclass
class Checkpoint:
    """A cell's checkpoint.

    - `path`: its file.
    - `every`: the seconds between two writes.
    - `stop`: whether the training is to stop; it then writes once more.

    The file is of one cell alone: whoever names it puts the cell's id in the name, and removes it once the
    cell's record is written.
    """

    path: Path
    every: float = 600.0
    stop: Callable[[], bool] = never
    _last: float = field(default_factory=time.monotonic, init=False, repr=False)

    def due(self) -> bool:
        """Whether it is time to write; reads a clock alone."""
        return time.monotonic() - self._last >= self.every or self.stop()

    def save(self, state: dict[str, Any], code_hash: str = "") -> None:
        """Write a state (nested dicts and lists of tensors, numbers and text), whole or not at all; `code_hash` is of
        the code that made it. Where the disk refuses, what was written before stays, and the training goes on."""
        try:
            save_tree({**_made_by(code_hash), "state": state}, self.path)
        except (OSError, SafetensorError, TypeError, ValueError, RecursionError) as error:
            # The last three are of a loss whose `get_extra_state` gives what is neither plain nor a tensor.
            warnings.warn(f"a checkpoint could not be written: {self.path}: {error}", stacklevel=2)
        self._last = time.monotonic()

    def load(self, code_hash: str = "") -> dict[str, Any] | None:
        """The state written last; None where there is none. One that cannot be read, or that other training code or
        another loss's code made, is left out with a warning."""
        if not self.path.exists():
            return None
        try:
            tree = load_tree(self.path)
        except DataError as error:
            warnings.warn(f"the cell starts anew: {error}", stacklevel=2)
            return None
        found = tree if isinstance(tree, dict) else {}
        if {key: found.get(key) for key in _made_by(code_hash)} != _made_by(code_hash):
            warnings.warn(f"the cell starts anew: {self.path} is of other training code", stacklevel=2)
            return None
        state: dict[str, Any] | None = found.get("state")
        return state

    def reject(self, why: str) -> None:
        """Remove the file, whose state does not fit, and say so: the cell starts anew."""
        self.path.unlink(missing_ok=True)
        warnings.warn(f"the cell starts anew: {self.path}: {why}", stacklevel=2)


def _made_by(code_hash: str) -> dict[str, Any]:
    """What says which code made a checkpoint, and can go on from it."""
    return {"format": FORMAT, "version": TRAINING_VERSION, "code": code_hash}


def save_tree(tree: Any, file: Path, through: Path | None = None) -> None:
    """Write a tree of dicts, lists, numbers, text and tensors to `file`, whole or not at all, by way of the folder
    `through` (see `atomic_write`). Dict keys may be text or numbers; tuples become lists.

    As safetensors, since a checkpoint lies in a results folder, nothing of which may ever be run: torch.load with
    `weights_only` ran code of a crafted file before torch 2.6 (CVE-2025-32434), and its unpickler could be made to
    write past its memory before 2.10 (CVE-2026-24747).
    """
    tensors: dict[str, Tensor] = {}
    shape = json.dumps(_take_out(tree, tensors))
    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(file, through) as temporary:
        save_file(tensors, temporary, metadata={"tree": shape})


def load_tree(file: Path) -> Any:
    """The tree of a file, its tensors on the CPU. Raises DataError where the file is not one of `save_tree`."""
    try:
        with safe_open(file, framework="pt") as stored:
            tree = json.loads((stored.metadata() or {})["tree"])
            names = set(stored.keys())
            return _put_in(tree, {name: stored.get_tensor(name) for name in names})
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, RecursionError) as error:
        raise DataError(f"{file}: not a file that mlbench wrote, or damaged: {error}") from error


def _take_out(node: Any, tensors: dict[str, Tensor]) -> Any:
    """The tree as JSON: a tensor becomes its name, a dict a list of pairs, so that numbers stay keys."""
    if isinstance(node, Tensor):
        name = str(len(tensors))
        # Clones: tied weights share memory, which the format does not have.
        tensors[name] = node.detach().cpu().clone().contiguous()
        return {"tensor": name}
    if isinstance(node, dict):
        return {"dict": [[key, _take_out(value, tensors)] for key, value in node.items()]}
    if isinstance(node, list | tuple):
        return [_take_out(value, tensors) for value in node]
    return node


def _put_in(node: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(node, list):
        return [_put_in(value, tensors) for value in node]
    if isinstance(node, dict):
        if "tensor" in node:
            return tensors[node["tensor"]]
        return {key: _put_in(value, tensors) for key, value in node["dict"]}
    return node
