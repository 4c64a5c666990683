"""A tree of dicts, lists, numbers, text and tensors as one safetensors file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from mlbench.atomic_writes import atomic_write
from mlbench.errors import DataError


def save_tree(tree: Any, file: Path) -> None:
    """Write the tree to `file`, whole or not at all. Dict keys may be text or numbers; tuples become lists."""
    tensors: dict[str, Tensor] = {}
    shape = json.dumps(_take_out(tree, tensors))
    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(file) as temporary:
        save_file(tensors, temporary, metadata={"tree": shape})


def load_tree(file: Path) -> Any:
    """The tree of a file, its tensors on the CPU. Raises DataError where the file is not one of `save_tree`."""
    try:
        with safe_open(file, framework="pt") as stored:
            tree = json.loads((stored.metadata() or {})["tree"])
            names = set(stored.keys())
            return _put_in(tree, {name: stored.get_tensor(name) for name in names})
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise DataError(f"{file}: not a checkpoint: {error}") from error


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
