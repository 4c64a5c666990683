"""What a metric's numbers do not depend on."""

from __future__ import annotations

import numpy as np

from mlbench.metrics.catalog import parse_key
from mlbench.metrics.conformance.numbers import CLOSE
from mlbench.metrics.conformance.subject import Marks, MetricUnderTest, Numbers, draw, falling
from mlbench.metrics.scored import UNSCORED
from mlbench.properties import PropertyFailure


def order_of_samples_does_not_matter(subject: MetricUnderTest) -> None:
    _same_after(subject, *draw(0), samples=True)


def order_of_labels_does_not_matter(subject: MetricUnderTest) -> None:
    _same_after(subject, *draw(0), samples=False)


def order_does_not_break_ties(subject: MetricUnderTest) -> None:
    """Equal scores are treated alike, wherever they stand."""
    _same_after(subject, *draw(2, steps=1), samples=True)


def _same_after(subject: MetricUnderTest, logits: Numbers, targets: Marks, *, samples: bool) -> None:
    order = np.random.default_rng(3).permutation(targets.shape[0 if samples else 1])
    before = subject.values(logits, targets)
    if samples:
        after = subject.values(logits[order], targets[order])
    else:
        after = subject.values(logits[:, order], targets[:, order], falling(targets.shape[1])[order])
    for key, value in before.items():
        if not _close(value, after.get(key)):
            what = "samples" if samples else "labels"
            raise PropertyFailure(
                f"{key} is {value!r}, and {after.get(key)!r} with its {what} in another order"
            )


def a_label_without_a_positive_is_left_out(subject: MetricUnderTest) -> None:
    logits, targets = draw(0)
    # Below all others, so that it is in nobody's first three.
    wide = np.concatenate([logits, logits[:, :1] - 50], axis=1)
    before, after = subject.values(logits, targets), subject.values(wide, np.pad(targets, ((0, 0), (0, 1))))
    for key, value in before.items():
        if not parse_key(key).bucket and not _close(value, after.get(key)):
            raise PropertyFailure(
                f"{key} is {value!r}, and {after.get(key)!r} beside a label that no sample has: return NaN for it"
            )


def entries_that_are_not_scored_play_no_part(subject: MetricUnderTest) -> None:
    logits, targets = draw(0)
    hidden = np.random.default_rng(4).random(targets.shape) < 0.2
    marked = np.where(hidden, np.uint8(UNSCORED), targets)
    before, after = (
        subject.values(np.where(hidden, fill, logits).astype(np.float32), marked) for fill in (9, -9)
    )
    for key, value in before.items():
        if not _close(value, after.get(key)):
            raise PropertyFailure(
                f"{key} moves from {value!r} to {after.get(key)!r} with scores of entries that are not scored: read "
                "the view's counts and ranks, which leave them out, rather than `scored.logits`"
            )


def _close(one: float, other: float | None) -> bool:
    return other is not None and abs(one - other) <= CLOSE * max(1.0, abs(one))
