from __future__ import annotations

import subprocess
import sys

import torch

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
