"""Thirty hostile losses, each before a clean one: its bits are those that it has alone, or the process is replaced."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mlbench.runner import RunOptions, run_suites
from mlbench.runner.worker.main import raised_in_plugin
from mlbench.runner.worker.process import WorkerProcess
from mlbench.runner.worker.state import CleanState
from mlbench.suite import parse_suite
from tests.runner.hostile_acts import LASTING, RESET


def _clean() -> bytes:
    """A little training, to the last bit, drawing from generators that nobody has seeded."""
    model = nn.Linear(4, 3)
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.1)
    inputs = torch.randn(8, 4) * float(np.random.standard_normal()) * random.random()  # noqa: NPY002
    for _ in range(3):
        optimiser.zero_grad()
        F.binary_cross_entropy_with_logits(model(inputs), torch.ones(8, 3)).backward()
        optimiser.step()
    return (
        model.weight.detach().numpy().tobytes()
        + str((os.environ.get("OMP_NUM_THREADS"), Path.cwd())).encode()
    )


def after(act: Callable[[], object]) -> tuple[bytes, bool]:
    """In a process of its own: what a clean training comes to after `act`, and whether it is seen as spoilt."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:
            torch.manual_seed(0)
            state = CleanState(torch)
            act()
            state.restore()
            spoilt = bool(state.changed())
            os.write(writing, (b"1" if spoilt else b"0") + (b"" if spoilt else _clean()))
            if not spoilt and act is RESET["alarm"]:
                time.sleep(0.3)
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    return said[1:], said[:1] == b"1"


@pytest.fixture(scope="module")
def alone() -> bytes:
    # Once here, so that not every process loads what torch's optimisers need.
    _clean()
    return after(lambda: None)[0]


@pytest.mark.parametrize("act", RESET)
def test_what_can_be_put_back_is(act: str, alone: bytes) -> None:
    assert after(RESET[act]) == (alone, False)


@pytest.mark.parametrize("act", LASTING)
def test_what_cannot_be_put_back_is_seen(act: str) -> None:
    assert after(LASTING[act])[1]


def test_a_failure_in_a_plugin_is_told_from_others() -> None:
    space = {"__name__": "mlbench_plugin_mine_0123"}
    exec("def fail(): raise ValueError", space)
    for fails, wanted in ((space["fail"], True), (lambda: int("x"), False)):
        with pytest.raises(ValueError) as caught:
            fails()  # type: ignore[operator]
        assert raised_in_plugin(caught.value) is wanted


SUITE = """
name = "kept"
seeds = [0]
losses = ["bce", "supcon"]
train = { epochs = 1, min_steps = 3, evaluations = 1, probe_steps = 3, batch_size = 16 }

[[datasets]]
name = "synthetic-features"
samples = 100
labels = 5

[[datasets]]
name = "synthetic-topics"
samples = 100
labels = 5
encoder = "lsa"

[[datasets]]
name = "digit-scenes"
samples = 100
train = { ema = 0.9, augmentation = "crop" }
"""


def test_cells_of_ours_leave_nothing_behind_and_share_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they load for the first time, compiled code with it, is nobody's own: a new process costs seconds a cell."""
    started = []
    begin = WorkerProcess.__init__

    def counted(self: WorkerProcess, *arguments: Any) -> None:
        started.append(arguments)
        begin(self, *arguments)

    monkeypatch.setattr(WorkerProcess, "__init__", counted)
    summary = run_suites(
        [parse_suite(SUITE, "kept.toml")],
        RunOptions(results=tmp_path, device="cpu", jobs=1, engine="sequential"),
    )
    assert summary.done == 6
    assert len(started) == 1
