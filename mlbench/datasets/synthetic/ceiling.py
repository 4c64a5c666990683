"""The best score that any classifier can be expected to reach where P(y | x) is known.

Ranking a label's samples by P(y_l | x), equals in random order (average precision as scikit-learn has it
punishes equal scores), and thresholding it is optimal. The ceiling is what these scores reach on the test
split itself, beside what each loss reached on the same samples. Its error is the standard deviation over test
labels drawn anew from P(y | x): chance alone moves a reading by that much.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mlbench.datasets.synthetic.label_model import LabelModel, Matrix

REDRAWS = 50
WORK = 60_000_000
"""Label entries drawn at most for the error: fewer redraws where the split is large, but at least 8."""


def bayes_ceiling(
    model: LabelModel, evidence: Matrix, targets: npt.NDArray[np.uint8], seed: int
) -> dict[str, float]:
    """`map`, `f1_macro`, `f1_micro` of the Bayes-optimal scores on `targets`, each with its `_error`.

    evidence: [N, L] as `LabelModel` has it. The F1 thresholds maximise the expected F1 under P(y | x), one
    per label for macro, one for all for micro: they look at no label.
    """
    groups, posterior = model.posterior(evidence)
    generator = np.random.default_rng([seed, 21])
    scorer = _Scorer(posterior, generator)
    redraws = int(np.clip(WORK // targets.size, 8, REDRAWS))
    again = [scorer(model.redraw(evidence, groups, generator)) for _ in range(redraws)]
    errors = np.std(again, axis=0, ddof=1)
    names = ("map", "f1_macro", "f1_micro")
    ceiling = dict(zip(names, scorer(targets).tolist(), strict=True))
    return {**ceiling, **{f"{name}_error": float(error) for name, error in zip(names, errors, strict=True)}}


class _Scorer:
    """The metrics of fixed scores against any labels; what depends on the scores alone is done once."""

    def __init__(self, posterior: Matrix, generator: np.random.Generator) -> None:
        self.order = np.lexsort((generator.random(posterior.shape), -posterior), axis=0)
        ranked = np.take_along_axis(posterior, self.order, axis=0)
        self.chosen_macro = posterior >= _best_threshold(ranked)
        self.chosen_micro = posterior >= _best_threshold(np.sort(posterior, axis=None)[::-1, None])

    def __call__(self, targets: npt.NDArray[np.uint8]) -> Matrix:
        """mAP, macro-F1 and micro-F1; labels without positives are left out of the macro means."""
        present = targets.any(axis=0)
        ranked = np.take_along_axis(targets, self.order, axis=0)
        precision = np.cumsum(ranked, axis=0, dtype=np.int64) / np.arange(1, len(ranked) + 1)[:, None]
        counts = targets.sum(axis=0)
        average = (precision * ranked).sum(axis=0)[present] / counts[present]
        macro = _f1((targets & self.chosen_macro).sum(axis=0), counts, self.chosen_macro.sum(axis=0))
        micro = _f1((targets & self.chosen_micro).sum(), counts.sum(), self.chosen_micro.sum())
        return np.array([average.mean(), macro[present].mean(), micro])


def _f1(true_positives: npt.ArrayLike, positives: npt.ArrayLike, chosen: npt.ArrayLike) -> Matrix:
    total = np.asarray(positives, np.float64) + np.asarray(chosen, np.float64)
    return 2 * np.asarray(true_positives, np.float64) / np.maximum(total, 1)


def _best_threshold(ranked: Matrix) -> Matrix:
    """For each column of descending probabilities the threshold of the best expected F1: choosing the first k
    of them, 2 · Σ_{i ≤ k} P_i / (k + Σ_i P_i), where the k-th is not as probable as the next."""
    chosen = np.arange(1, len(ranked) + 1)[:, None]
    expected = 2 * np.cumsum(ranked, axis=0) / (chosen + ranked.sum(axis=0))
    expected[:-1][ranked[:-1] == ranked[1:]] = -1
    threshold: Matrix = np.take_along_axis(ranked, expected.argmax(axis=0)[None], axis=0)[0]
    return threshold
