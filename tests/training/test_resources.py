from __future__ import annotations

import subprocess
import sys
import time

import pytest
import torch

from mlbench.training.resources import Meter

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


def test_a_training_costs_what_its_own_process_computes() -> None:
    """Neither what it waits nor what others compute meanwhile, nor what is between a stop and a start."""
    meter = Meter(torch.device("cpu"))
    meter.start()
    subprocess.run([sys.executable, "-c", "sum(i * i for i in range(3_000_000))"], check=True)
    time.sleep(0.2)
    meter.stop()
    idle = meter.read()
    assert idle < 0.1
    spin(0.1)
    assert meter.read() == idle
    meter.start()
    spin(0.2)
    meter.stop()
    assert 0.19 < meter.read() - idle < 0.4


def spin(seconds: float) -> None:
    """Compute for so many seconds of this process's own."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_on_a_device_it_costs_what_lies_between_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which are read together, and let go."""
    waited: list[float] = []

    class Event:
        clock = 0.0

        def __init__(self, enable_timing: bool) -> None:
            assert enable_timing

        def record(self, stream: str) -> None:
            assert stream == "of cuda:1"
            Event.clock += 250.0
            self.at = Event.clock

        def synchronize(self) -> None:
            waited.append(self.at)

        def elapsed_time(self, stop: Event) -> float:
            return stop.at - self.at

    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: f"of {device}")
    meter = Meter(torch.device("cuda:1"))
    for _ in range(3):
        meter.start()
        meter.stop()
    assert waited == []
    assert meter.read() == meter.read() == 0.75
    meter.start()
    meter.stop()
    assert (meter.read(), waited) == (1.0, [1500.0, 2000.0])
