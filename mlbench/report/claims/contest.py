"""Whether one group of losses does better than another, or no worse: by the reading and metric of the paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from mlbench.report.analysis import Analysis
from mlbench.report.claims.base import ClaimOutcome, ClaimVerdict
from mlbench.report.claims.contrast import Contrast, contrast, largest
from mlbench.report.claims.sides import Keep, any_task
from mlbench.report.data.arrays import nanmean
from mlbench.report.statistics import Judged


class Statement(NamedTuple):
    """What one metric under one reading says."""

    verdict: ClaimVerdict
    text: str
    reason: str = ""
    """Why it can say nothing; it stands before the text."""

    @property
    def whole(self) -> str:
        return f"{self.reason} {self.text}".strip()


Test = Callable[[str, str], Statement]
"""A metric and a reading -> what they say."""


def contest(
    analysis: Analysis,
    key: str,
    ahead: Sequence[str],
    behind: Sequence[str],
    *,
    keep: Keep = any_task,
    beside: Sequence[str] = (),
    at_least: bool = False,
) -> ClaimOutcome:
    """Whether the mean of one group of losses is above that of the other, on the tasks that `keep` says.

    What decides is the metric `key` by own logits, the probe of losses that have none, at the largest fraction: the
    claim holds where the 95 % interval of the mean difference over families, each as a share of its span from floor to
    best, lies above 0, and does not hold where it lies below; with `at_least` the claim is that `ahead` is no worse,
    and the limit −2 % (the report's `rope`). Else the records cannot tell. Fewer than six families of the kind test
    nothing. The same under the probe of all losses, and by the metrics `beside`, stands in the evidence and decides
    nothing.
    """

    def test(key: str, reading: str) -> Statement:
        tested = checked_contrast(analysis, key, reading, ahead, behind, keep)
        if isinstance(tested, Statement):
            return tested
        found, text = tested
        verdict = verdict_of(found.judged, at_least=at_least)
        return Statement(verdict, f"{text} {found.power()}" if verdict is ClaimVerdict.CANNOT_TELL else text)

    return under_readings(analysis, test, key, [*ahead, *behind], beside)


def checked_contrast(
    analysis: Analysis,
    key: str,
    reading: str,
    ahead: Sequence[str],
    behind: Sequence[str],
    keep: Keep = any_task,
) -> tuple[Contrast, str] | Statement:
    """The contrast of two groups of losses with its sentence; where nothing can be tested, that."""
    found = contrast(analysis, key, reading, ahead, behind, keep)
    if isinstance(found, str):
        return Statement(ClaimVerdict.NOT_TESTABLE, "", found)
    text = found.sentence(ahead, behind, largest(analysis))
    return (found, text) if found.enough else Statement(ClaimVerdict.NOT_TESTABLE, text, found.too_few(keep))


def verdict_of(judged: Judged, *, at_least: bool = False) -> ClaimVerdict:
    """By where the interval lies: all above the limit, all below, or neither."""
    if judged.no_worse if at_least else judged.better:
        return ClaimVerdict.HOLDS
    below = judged.interval.high < (-judged.rope if at_least else 0.0)
    return ClaimVerdict.FAILS if below else ClaimVerdict.CANNOT_TELL


def under_readings(
    analysis: Analysis, test: Test, key: str, losses: Sequence[str], beside: Sequence[str] = ()
) -> ClaimOutcome:
    """What the paper's metric and reading say, which decides, then the other reading and other metrics: where nothing
    can be tested, that is said once."""
    decides = test(key, "own")
    if not losses:
        return ClaimOutcome(decides.verdict, (decides.whole,), decides.reason)
    names = _words(analysis, key, losses)
    lines = [f"{names} (as the paper reads it): {decides.verdict.value}. {decides.whole}"]
    for other, reading, words in _others(key, beside, names):
        said = test(other, reading)
        if said.verdict is not ClaimVerdict.NOT_TESTABLE or said.verdict is not decides.verdict:
            lines.append(f"{words} (beside it): {said.verdict.value}. {said.whole}")
    return ClaimOutcome(decides.verdict, tuple(lines), decides.reason)


def _others(key: str, beside: Sequence[str], names: str) -> Iterator[tuple[str, str, str]]:
    """Metric, reading and words of what is shown without deciding; the probe once where it is read anyway."""
    if names != PROBE:
        yield key, "probe", "linear probe of all"
    for other in beside:
        yield other, "own", names


PROBE = "linear probe"


def _words(analysis: Analysis, key: str, losses: Sequence[str]) -> str:
    """What the own reading of these losses is."""
    grid = analysis.grid
    own, probe = (grid.scores(reading, key) for reading in ("own", "probe"))
    rows = [grid.losses.index(loss) for loss in losses]
    apart = np.abs(own - probe)[rows].reshape(len(rows), -1)
    without = np.nan_to_num(nanmean(apart, 1), nan=1.0) == 0
    if without.all():
        return PROBE
    return "own logits, the probe of losses that have none" if without.any() else "own logits"
