"""What to run: a TOML file becomes a Suite, and a Suite a list of Cells.

Nothing here loads torch, reads data or knows a device.
"""

from mlbench.suite.cell import Cell, LossChoice, Trial
from mlbench.suite.load import load_suite, parse_suite
from mlbench.suite.model import Suite
from mlbench.suite.presets import Preset, find_preset, presets
from mlbench.suite.protocol import Protocol, duration
from mlbench.suite.select import Selection
from mlbench.suite.shipped import find_suite, shipped_suites
from mlbench.suite.trials import untuned

__all__ = [
    "Cell",
    "LossChoice",
    "Preset",
    "Protocol",
    "Selection",
    "Suite",
    "Trial",
    "duration",
    "find_preset",
    "find_suite",
    "load_suite",
    "parse_suite",
    "presets",
    "shipped_suites",
    "untuned",
]
