"""The critical-difference diagram is the same file in every process."""

from __future__ import annotations

import os
import subprocess
import sys

DRAW = """
import hashlib, io
import matplotlib as mpl, numpy as np
from mlbench.report.figures.significance import critical_differences
from mlbench.report.figures.style import FigureSubject, line_styles

names = ["bce", "asl", "zlpr", "focal", "apl", "supcon", "msc"]
p = np.full((7, 7), 0.5)
p[:2, 5:] = p[5:, :2] = 0.01
drawing = critical_differences(
    FigureSubject("mAP", "own logits", "map"), line_styles(names), names, np.arange(1.0, 8.0), p, 1.0, 8
)
sink = io.BytesIO()
with mpl.rc_context({"svg.hashsalt": "one"}):
    drawing.figure.savefig(sink, format="svg", metadata={"Date": None})
print(hashlib.sha256(sink.getvalue()).hexdigest())
"""


def test_the_diagram_does_not_depend_on_the_order_of_a_set_of_names() -> None:
    drawn = {
        subprocess.run(
            [sys.executable, "-c", DRAW], env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in (1, 2, 3)
    }  # fmt: skip
    assert len(drawn) == 1
