"""Thirty hostile losses, each before a clean one: its bits are those that it has alone, or the process is replaced."""

from __future__ import annotations

import gc
import os
import random
import signal
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import mlbench.losses.base
from mlbench.runner.worker.main import raised_in_plugin
from mlbench.runner.worker.state import CleanState

_held: list[torch.inference_mode] = []
"""What ends once nobody holds it."""


def _enter(mode: torch.inference_mode) -> None:
    _held.append(mode)
    mode.__enter__()


def _patch(place: object, name: str) -> None:
    real = getattr(place, name)

    def doubled(*values: object, **named: object) -> object:
        found = real(*values, **named)
        return found * 2 if isinstance(found, torch.Tensor) else found

    doubled.__name__, doubled.__module__ = real.__name__, getattr(real, "__module__", "torch")
    setattr(place, name, doubled)


RESET: dict[str, Callable[[], object]] = {
    "dtype": lambda: torch.set_default_dtype(torch.float64),
    "half": lambda: torch.set_default_dtype(torch.bfloat16),
    "device": lambda: torch.set_default_device("meta"),
    "grad": lambda: torch.set_grad_enabled(False),
    "no_grad": lambda: torch.no_grad().__enter__(),
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16).__enter__(),
    "autocast dtype": lambda: torch.set_autocast_dtype("cpu", torch.float16),
    "autocast cache": lambda: torch.set_autocast_cache_enabled(False),
    "threads": lambda: torch.set_num_threads(3),
    "deterministic": lambda: torch.use_deterministic_algorithms(True),
    "anomaly": lambda: torch.autograd.set_detect_anomaly(True),
    "precision": lambda: torch.set_float32_matmul_precision("medium"),
    "cudnn": lambda: setattr(torch.backends.cudnn, "benchmark", True),
    "flush": lambda: torch.set_flush_denormal(True),
    "seed": lambda: torch.manual_seed(7),
    "numpy seed": lambda: np.random.seed(7),  # noqa: NPY002 - what a loss may do
    "python seed": lambda: random.seed(7),
    "numpy errors": lambda: np.seterr(all="raise"),
    "warnings": lambda: warnings.simplefilter("error"),
    "variables": lambda: os.environ.update(OMP_NUM_THREADS="9", MLBENCH_DATA="/nowhere"),
    "folder": lambda: os.chdir("/"),
    "path": lambda: sys.path.insert(0, "/nowhere"),
    "recursion": lambda: sys.setrecursionlimit(10_000),
    "trace": lambda: sys.settrace(lambda *_: None),
    "garbage": gc.disable,
    "alarm": lambda: signal.setitimer(signal.ITIMER_REAL, 0.2),
    "handler": lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL),
    "stdout": lambda: setattr(sys, "stdout", None),
}
LASTING: dict[str, Callable[[], object]] = {
    "loss function": lambda: _patch(F, "binary_cross_entropy_with_logits"),
    "another of torch's": lambda: setattr(F, "binary_cross_entropy_with_logits", F.mse_loss),
    "layer": lambda: _patch(nn.Linear, "forward"),
    "tensor": lambda: _patch(torch.Tensor, "mean"),
    "optimiser": lambda: _patch(torch.optim.AdamW, "step"),
    "mlbench": lambda: _patch(mlbench.losses.base.Loss, "__call__"),
    "inference mode": lambda: _enter(torch.inference_mode()),
    "hook": lambda: nn.modules.module.register_module_forward_hook(lambda *_: None),
    "clock": lambda: setattr(time, "monotonic", lambda: 0.0),
}


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
