"""A contributor's metric: one file, and it is in the catalogue, in every evaluation and in the replicates."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PLUGIN = '''
import mlbench
from mlbench.metrics import Metric


@mlbench.register_metric("f2_macro")
class MacroF2(Metric):
    """The mean over labels of F2, which counts a missed label four times a false one."""

    kind = "decision"
    direction = "higher"
    bounds = (0.0, 1.0)
    formula = "mean_l 5 tp_l / (5 tp_l + 4 fn_l + fp_l)"
    by_label = True
    bootstrapped = True

    def __call__(self, view):
        label = view.labels
        return 5 * label.true_positives / (4 * label.positives + label.predicted).clamp(min=1)


@mlbench.register_metric("margin")
class Margin(Metric):
    """The mean over samples of the gap between the highest logit and the lowest."""

    kind = "ranking"
    direction = "higher"
    bounds = (0.0, None)
    formula = "mean_i max_l s_il − min_l s_il"

    def __call__(self, view):
        logits = view.scored.logits.double()
        return view.mean_over_samples(logits.amax(1) - logits.amin(1))
'''
SCRIPT = """
import json, sys
from pathlib import Path
import numpy as np
from sklearn.metrics import fbeta_score
from mlbench.metrics import bootstrap, evaluate
from mlbench.metrics.catalog import catalog, parse_key
from mlbench.registry import load_plugins
from tests.metrics.cases import make_case

load_plugins([Path(sys.argv[1])])
info = catalog()["f2_macro"]
case = make_case(90, 9, seed=0)
found = evaluate(case.scored, case.scored, threshold=None, train_counts=range(9))["test"]
expected = fbeta_score(case.targets, case.scores > 0, beta=2, average="macro")
print(json.dumps({
    "direction": info.direction, "explanation": info.explanation, "key": str(parse_key("f2_macro@label/tail")),
    "difference": abs(found["f2_macro@0.5"] - expected), "bucket": "f2_macro@label/tail" in found,
    "margin": found["margin"] - float((case.scores.max(1) - case.scores.min(1)).mean()),
    "replicates": bootstrap(case.scored, case.scored, threshold=None)["bootstrap/f2_macro@label"].shape,
}))
"""


def test_a_plugin_is_a_metric_like_any_other(tmp_path: Path) -> None:
    file = tmp_path / "my_metrics.py"
    file.write_text(PLUGIN, encoding="utf-8")
    command = [sys.executable, "-c", SCRIPT, str(file)]
    root = Path(__file__).parents[2]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["difference"] < 1e-10
    assert abs(found["margin"]) < 1e-5
    assert found["direction"] == "higher"
    assert found["explanation"].startswith("The mean over labels of F2")
    assert found["key"] == "f2_macro@label/tail"
    assert found["bucket"]
    assert found["replicates"] == [200]
