from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from mlbench.errors import DataError
from mlbench.training.tree import load_tree, save_tree


def test_a_tree_comes_back_with_its_keys_and_tensors(tmp_path: Path) -> None:
    shared = torch.arange(6.0).view(2, 3)
    tree = {
        "state": {0: {"step": torch.tensor(3.0), "exp_avg": shared.T}, 7: {}},
        "tied": [shared, shared],
        "best": -math.inf,
        "none": None,
        "betas": (0.9, 0.999),
        "mask": torch.tensor([True, False]),
        "rng": torch.get_rng_state(),
    }
    save_tree(tree, tmp_path / "deep" / "tree.safetensors")
    again = load_tree(tmp_path / "deep" / "tree.safetensors")
    assert again["state"].keys() == {0, 7}
    assert torch.equal(again["state"][0]["exp_avg"], shared.T)
    assert again["state"][0]["step"].shape == ()
    assert torch.equal(again["tied"][1], shared)
    assert again["best"] == -math.inf
    assert again["none"] is None
    assert again["betas"] == [0.9, 0.999]
    assert again["mask"].dtype == torch.bool
    assert torch.equal(again["rng"], tree["rng"])


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "tree.safetensors"
    save_tree({"a": torch.ones(1)}, file)
    with pytest.raises(TypeError):
        save_tree({"a": object()}, file)
    assert load_tree(file)["a"].item() == 1
    assert [path.name for path in tmp_path.iterdir()] == ["tree.safetensors"]


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_file_of_another_kind(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(DataError, match="not a checkpoint"):
        load_tree(tmp_path / "file")
