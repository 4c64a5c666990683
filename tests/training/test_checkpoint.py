"""A cell that is stopped or killed goes on where it was, and ends in the same numbers."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from mlbench.code.modules import code_hash
from mlbench.errors import CellStoppedError, DataError
from mlbench.registry import LOSSES, load_plugins
from mlbench.training import CellResult
from mlbench.training.checkpoint import Checkpoint, load_tree, save_tree
from tests.training.cells import run

CASES = {
    "logits over features": ("splc", "synthetic-features", {"clip_norm": 1.0}),
    "epochs of one update": (
        "bce",
        "synthetic-features",
        {"batch_size": 512, "min_steps": 24, "clip_norm": 1.0},
    ),
    "sparse table": ("asl", "synthetic-topics", {"select": "best", "evaluations": 4}),
    "batch norm, augmentation, averaged weights": (
        "bce",
        "digit-scenes",
        {"augmentation": "crop", "ema": 0.9},
    ),
    "channels last in memory, one cycle": (
        "bce",
        "digit-scenes",
        {
            "encoder": {"name": "timm:test_resnet", "pretrained": False, "size": 32},
            "schedule": "onecycle",
            "augmentation": "cutout+randaugment",
            "layer_decay": 0.7,
        },
    ),
    "representation with a memory": ("msc", "synthetic-features", {"queue": 48}),
    "a memory that a momentum encoder fills": (
        "mulsupcon",
        "synthetic-features",
        {"queue": 48, "momentum": 0.9},
    ),
    "a loss with parameters of its own": ("kmcl", "synthetic-features", {}),
    "a loss with numbers for each label": ("eqlv2", "synthetic-features", {}),
    "a loss with numbers for each positive of the rows": ("map_surrogate", "synthetic-features", {}),
    "a loss of one's own that keeps all kinds of things": ("keeping_loss", "synthetic-features", {}),
}
OWN = Path(__file__).parents[1] / "losses" / "keeping_loss.py"


@pytest.fixture(autouse=True)
def own_loss() -> None:
    """The loose file is known while these tests run."""
    load_plugins([OWN])


def stopped_after(looks: int) -> Callable[[], bool]:
    """A `stop` that says yes from its `looks`-th call on."""
    calls = iter(range(10**9))
    return lambda: next(calls) >= looks


def code_of(loss: str) -> str:
    return code_hash(LOSSES.describe(loss))


def assert_same(one: CellResult, other: CellResult) -> None:
    assert one.scores.keys() == other.scores.keys()
    for name in one.scores:
        np.testing.assert_array_equal(one.scores[name], other.scores[name], err_msg=name)
    assert one.parts["metrics"] == other.parts["metrics"]
    assert one.parts["probe_metrics"] == other.parts["probe_metrics"]


@pytest.mark.parametrize("case", CASES)
def test_a_stopped_cell_ends_in_the_same_numbers(case: str, tmp_path: Path) -> None:
    loss, dataset, train = CASES[case]
    whole = run(loss, dataset, epochs=3, **train)
    file = tmp_path / "cell.safetensors"
    stops = 0
    for looks in (5, 7):
        with pytest.raises(CellStoppedError, match="stopped after update"):
            run(loss, dataset, epochs=3, **train, checkpoint=Checkpoint(file, stop=stopped_after(looks)))
        stops += 1
        assert file.exists()
    again = run(loss, dataset, epochs=3, **train, checkpoint=Checkpoint(file))
    assert_same(whole, again)
    history, expected = again.parts["history"], whole.parts["history"]
    assert len(history["resumed_at"]) == stops
    assert {**history, "resumed_at": []} == expected
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    # A kill while the record is written costs no training: what is left is all that follows the checkpoint.
    assert_same(whole, run(loss, dataset, epochs=3, **train, checkpoint=Checkpoint(file)))


def test_a_checkpoint_written_at_every_update_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "cell.safetensors"
    assert_same(run("asl"), run("asl", checkpoint=Checkpoint(file, every=0.0)))
    state = Checkpoint(file).load(code_of("asl"))
    assert state is not None
    assert state["step"] == state["history"]["steps"]
    assert state["seconds"][0] > state["seconds"][1] > 0
    assert state["cost"] > 0


def test_a_file_that_is_no_checkpoint_is_warned_of_and_left_out(tmp_path: Path) -> None:
    file = tmp_path / "cell.safetensors"
    file.write_bytes(b"nonsense")
    with pytest.warns(UserWarning, match="the cell starts anew.*not a file that mlbench wrote"):
        again = run("bce", checkpoint=Checkpoint(file))
    assert_same(run("bce"), again)


def test_a_disk_that_refuses_a_checkpoint_stops_no_training(tmp_path: Path) -> None:
    """Here by a name with no room left for that of the temporary file."""
    file = tmp_path / f"{'x' * 240}.safetensors"
    with pytest.warns(UserWarning, match="could not be written"):
        refused = run(checkpoint=Checkpoint(file, every=0.0))
    assert_same(run(), refused)


@pytest.mark.parametrize("number", ["TRAINING_VERSION", "FORMAT"])
def test_a_checkpoint_of_other_training_code_is_left_out(
    number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = Checkpoint(tmp_path / "cell.safetensors")
    monkeypatch.setattr(f"mlbench.training.checkpoint.{number}", -1)
    checkpoint.save({"step": 3})
    monkeypatch.undo()
    with pytest.warns(UserWarning, match="of other training code"):
        assert checkpoint.load() is None


def test_other_code_of_the_loss_starts_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "cell.safetensors"
    with pytest.raises(CellStoppedError):
        run("asl", checkpoint=Checkpoint(file, stop=stopped_after(5)))
    monkeypatch.setattr("mlbench.training.cell.code_hash", lambda _: "of the edited code")
    with pytest.warns(UserWarning, match="the cell starts anew.*of other training code"):
        again = run("asl", checkpoint=Checkpoint(file))
    assert again.parts["history"]["resumed_at"] == []


def test_a_state_that_does_not_fit_starts_anew(tmp_path: Path) -> None:
    """Of another version of torch, say, whose optimisers keep other things."""
    checkpoint = Checkpoint(tmp_path / "cell.safetensors")
    for state in ({"step": 3}, [1], {"step": "x", "model": {}}):
        checkpoint.save(state, code_of("asl"))  # type: ignore[arg-type]
        with pytest.warns(UserWarning, match="the cell starts anew.*does not fit"):
            again = run("asl", checkpoint=checkpoint)
        assert_same(run("asl"), again)
        assert not checkpoint.path.exists()


def test_a_loss_with_state_that_cannot_be_written_is_trained_all_the_same(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="a checkpoint could not be written"):
        Checkpoint(tmp_path / "cell.safetensors").save({"loss": {"_extra_state": object()}})
    assert not list(tmp_path.iterdir())


KILLED = """
import sys
from pathlib import Path
from mlbench.training.checkpoint import Checkpoint, load_tree, save_tree
from tests.training.cells import run
print("started", flush=True)
run("bce", "digit-scenes", epochs=400, checkpoint=Checkpoint(Path(sys.argv[1]), every=0.0))
"""


@pytest.mark.slow
def test_a_kill_at_any_instant_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    file = tmp_path / "cell.safetensors"
    for _ in range(2):
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(file)], stdout=subprocess.PIPE)
        before = file.stat().st_mtime_ns if file.exists() else 0
        deadline = time.monotonic() + 60
        while not (file.exists() and file.stat().st_mtime_ns > before):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        state = Checkpoint(file).load(code_of("bce"))
        assert state is not None
        assert state["step"] > 0
    assert len(state["history"]["resumed_at"]) == 1


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


def of_tree(tree: str) -> bytes:
    header = json.dumps({"__metadata__": {"tree": tree}}).encode()
    return len(header).to_bytes(8, "little") + header


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        b"\x08\0\0\0\0\0\0\0{}      ",
        of_tree("{}"),
        of_tree('{"tensor": ["a"]}'),
        of_tree('{"dict": 3}'),
        of_tree('{"dict": [3]}'),
        of_tree("[" * 5000 + "]" * 5000),
    ],
)
def test_a_file_of_another_kind(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(DataError, match="not a file that mlbench wrote"):
        load_tree(tmp_path / "file")
