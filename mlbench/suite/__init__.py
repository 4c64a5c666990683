"""What to run: a TOML file becomes a Suite, and a Suite a list of Cells.

Nothing here loads torch, reads data or knows a device.

Tested elsewhere than in a file of their own name:

    cell, duplicates, entries, load, model, protocol, select, shipped: tests/suite/test_suite.py
    ground, numbers: tests/suite/tuning/test_trials.py
    hiding: tests/datasets/splits/test_hiding.py
    resolution: tests/suite/test_presets.py
"""

from mlbench.suite.cell import Cell, LossChoice, Trial, stage_of
from mlbench.suite.load import load_suite, parse_suite
from mlbench.suite.model import Suite
from mlbench.suite.presets import Preset, find_preset, presets
from mlbench.suite.protocol import Protocol, duration
from mlbench.suite.repeats import SEEDS_APART
from mlbench.suite.select import Selection
from mlbench.suite.shipped import find_suite, shipped_suites
from mlbench.suite.tuning.choice import choose, score_of, selected
from mlbench.suite.tuning.finals import Contest, Final, SuiteCells, tuning_in_words
from mlbench.suite.tuning.trials import untuned

__all__ = [
    "SEEDS_APART",
    "Cell",
    "Contest",
    "Final",
    "LossChoice",
    "Preset",
    "Protocol",
    "Selection",
    "Suite",
    "SuiteCells",
    "Trial",
    "choose",
    "duration",
    "find_preset",
    "find_suite",
    "load_suite",
    "parse_suite",
    "presets",
    "score_of",
    "selected",
    "shipped_suites",
    "stage_of",
    "tuning_in_words",
    "untuned",
]
