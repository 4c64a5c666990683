"""What a loss may do to the process that trains it: what can be put back, and what cannot."""

from __future__ import annotations

import builtins
import gc
import os
import random
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import mlbench.losses.base

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
    "builtin": lambda: _patch(builtins, "sum"),
    "optimiser's function": lambda: _patch(sys.modules["torch.optim.adam"], "adam"),
    "thread": lambda: threading.Thread(target=lambda: time.sleep(60), daemon=True).start(),
    "process": lambda: subprocess.Popen(["sleep", "5"]),
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
