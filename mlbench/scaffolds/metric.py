"""A metric to start from."""

from __future__ import annotations

CODE = '''"""What the metrics of this file have in common, in a line."""

from __future__ import annotations

from torch import Tensor

from mlbench import register_metric
from mlbench.metrics.base import Metric
from mlbench.metrics.views.decisions import Decisions


@register_metric("NAME")
class CLASS(Metric):
    """One line that says what it is: here, the mean over labels of F2, which counts a miss four times a false alarm.

    Source: author, year, title, link; where its constants come from.
    """

    kind = "decision"
    direction = "higher"
    bounds = (0.0, 1.0)
    formula = "mean_l 5 tp_l / (4 positives_l + predicted_l)"
    by_label = True

    def __call__(self, view: Decisions) -> Tensor:
        label = view.labels
        return 5 * label.true_positives / (4 * label.positives + label.predicted).clamp(min=1)
'''

TEST = '''"""`NAME` against counts by plain loops."""

from __future__ import annotations

# PATH
import pytest

from mlbench.metrics import Scored, evaluate
from mlbench.metrics.conformance import check, draw
# LOADING


def test_agrees_with_the_formula() -> None:
    logits, targets = draw(0)
    total = 0.0
    for scores, marks in zip(logits.T, targets.T, strict=True):
        true_positives = sum(int(x > 0 and y == 1) for x, y in zip(scores, marks, strict=True))
        predicted = sum(int(x > 0) for x in scores)
        total += 5 * true_positives / max(1, 4 * int(marks.sum()) + predicted)
    split = Scored(logits, targets)
    found = evaluate(split, split, threshold=None)["test"]["NAME@0.5"]
    assert found == pytest.approx(total / targets.shape[1], abs=1e-10)


def test_passes_the_conformance_suite() -> None:
    assert [str(verdict) for verdict in check("NAME") if verdict.passed is False] == []
'''
