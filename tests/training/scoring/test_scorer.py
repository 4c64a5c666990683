"""What is computed on the way of a training: the metrics of its history, and no other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = '''
import torch
import mlbench
from mlbench.metrics import Metric


@mlbench.register_metric("calls")
class Calls(Metric):
    """How often metrics have been computed in this process."""

    kind = "ranking"
    direction = "higher"
    bounds = (0.0, None)
    formula = "n"
    count = 0

    def __call__(self, view):
        Calls.count += 1
        return torch.tensor(float(Calls.count), dtype=torch.float64)
'''
SCRIPT = """
import json, sys
from pathlib import Path
from mlbench.registry import METRICS, load_plugins
from tests.training.cells import run

load_plugins([Path(sys.argv[1])])
calls, found = METRICS.get("calls"), []
run()  # the floor is computed here, once for all cells on the same rows
for metric, evaluations in (("map", 2), ("ap_micro", 2), ("ap_micro", 6)):
    calls.count = 0
    result = run(select_metric=metric, evaluations=evaluations)
    scores = [row[metric] for row in result.parts["history"]["evaluations"]]
    found.append([calls.count, len(scores), max(scores), result.parts["metrics"]["validation"][metric]])
print(json.dumps(found))
"""


def test_a_training_computes_nothing_but_the_metrics_of_its_history(tmp_path: Path) -> None:
    file = tmp_path / "calls.py"
    file.write_text(PLUGIN, encoding="utf-8")
    command = [sys.executable, "-c", SCRIPT, str(file)]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    assert done.returncode == 0, done.stderr
    calls, points, best, final = zip(*json.loads(done.stdout), strict=True)
    assert len(set(calls)) == 1
    assert points == (2, 2, 6)
    assert best == pytest.approx(final, abs=1e-9)
