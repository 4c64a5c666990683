"""The cores that a process may use, and how the slots that share them divide them.

Slots share cores where they run on one host under one and the same set of cores: two jobs of a batch system on one
host, each with cores of its own, do not.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

import joblib


def host_and_cores() -> str:
    """Host and cores of this process: alike for all that share them."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return f"{socket.gethostname()} {','.join(map(str, cores))}"


def sharers(slots_at: Mapping[str, int], on_devices: int) -> int:
    """How many slots train at once here: those on these cores, but no more than the devices here hold, if there are
    any. A host that came after the slots were counted is taken to be as full as the fullest."""
    there = slots_at.get(host_and_cores()) or max(slots_at.values(), default=1)
    return min(there, on_devices) if on_devices else there


def share_of_cores(slots: int) -> int:
    """The threads of a cell whose protocol does not say: the cores here, divided by the slots that share them."""
    return max(1, int(joblib.cpu_count()) // slots)
