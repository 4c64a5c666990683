from __future__ import annotations

import subprocess
import sys
import warnings

import torch

from mlbench.training.resources import deterministic

CPU = torch.device("cpu")
PROGRAM = """
import torch
from mlbench.training.resources import peak_memory, reset_peak_memory
reset_peak_memory(torch.device("cuda:0"))
print(peak_memory(torch.device("cuda:0"))["device_peak"])
"""


def test_the_peak_is_measured_on_a_device_that_nothing_has_used_yet() -> None:
    """As in a fresh worker. Without a GPU only the driver may be missing: torch refuses statistics of a device that
    is not set up with another error, and then every cell would fail."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    if torch.cuda.is_available():
        assert done.stdout.split() == ["0"]
    else:
        assert "Found no NVIDIA driver" in done.stderr
        assert "Invalid device argument" not in done.stderr


def put_values() -> None:
    torch.zeros(3).put_(torch.tensor([0, 1]), torch.ones(2), accumulate=False)


def test_it_is_told_when_an_operation_was_not_deterministic() -> None:
    with warnings.catch_warnings(record=True) as caught:
        for _ in range(2):  # also when the warning was shown before
            with deterministic(True, CPU) as was:
                torch.zeros(3).sum()
                assert was()
                put_values()
            assert not was()
    assert len(caught) == 2
    with deterministic(False, CPU) as was:
        assert not was()


def test_what_determinism_sets_is_put_back() -> None:
    show = warnings.showwarning
    with deterministic(True, CPU):
        assert torch.are_deterministic_algorithms_enabled()
    assert warnings.showwarning is show
    assert not torch.are_deterministic_algorithms_enabled()


def test_attention_is_deterministic_on_a_gpu_and_left_alone_on_the_cpu() -> None:
    """Its fused backward passes are not, under `warn_only`."""
    with deterministic(True, torch.device("cuda:0")):
        assert not torch.backends.cuda.flash_sdp_enabled()
        assert not torch.backends.cuda.mem_efficient_sdp_enabled()
    with deterministic(True, CPU):
        assert torch.backends.cuda.flash_sdp_enabled()
        assert torch.backends.cuda.mem_efficient_sdp_enabled()
    with deterministic(False, torch.device("cuda:0")):
        assert torch.backends.cuda.flash_sdp_enabled()
