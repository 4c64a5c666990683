"""Arrays in which something may be missing, their means and spreads; nothing here loads more than numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

DIGITS = 12
"""Numbers that agree to so many digits are equal: sums of the same scores differ in the last ones."""


@dataclass(frozen=True)
class Intervals:
    """A number of each loss, or a curve, with the ends of its 95 % interval; arrays of one shape."""

    value: Floats
    low: Floats
    high: Floats


def settled(values: npt.ArrayLike) -> Floats:
    """Rounded to DIGITS decimals, of numbers above 1 to as many digits, so that what is equal compares so.

    Means, and differences of means, pass through here before anything is ranked, compared or tested.
    """
    array = np.asarray(values, dtype=float)
    large = np.where(np.isfinite(array), np.maximum(np.abs(array), 1.0), 1.0)
    scale = 10.0 ** (DIGITS - np.ceil(np.log10(large)))
    rounded: Floats = np.round(array * scale) / scale
    return rounded


def mean_of(values: Floats, axis: int) -> Floats:
    """The mean over an axis, settled; one and the same in whatever order the summands stand."""
    return settled(np.sort(values, axis=axis).mean(axis))


def nanmean(array: Floats, axis: int | tuple[int, ...]) -> Floats:
    """The mean of what is there, settled; NaN, without a warning, where nothing is."""
    ordered = np.sort(array, axis=axis) if isinstance(axis, int) else array
    there = ~np.isnan(ordered)
    count = there.sum(axis)
    total = np.where(there, ordered, 0.0).sum(axis)
    return settled(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def nanstd(array: Floats, axis: int) -> Floats:
    """The sample standard deviation (n − 1) of what is there; NaN where fewer than two are."""
    count = (~np.isnan(array)).sum(axis)
    centred = array - np.expand_dims(nanmean(array, axis), axis)
    squares = np.where(np.isnan(centred), 0.0, centred**2).sum(axis)
    return np.where(count > 1, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)


def shared_tasks(scores: Floats) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """[losses, tasks, seeds] -> the losses that have any number, and the tasks on which all of these have one."""
    means = nanmean(scores, 2)
    some = np.asarray(~np.isnan(means).all(1))
    return some, np.asarray(~np.isnan(means[some]).any(0))


def over_families(values: Floats, families: Sequence[str]) -> Floats:
    """[tasks, …], each of the family named -> the mean over families of the means over a family's tasks."""
    names = list(dict.fromkeys(families))
    weights = np.array([1 / (len(names) * families.count(family)) for family in families])
    return settled(np.tensordot(weights, values, 1))


def spread_over_seeds(scores: Floats, families: Sequence[str]) -> Floats:
    """[losses, tasks, seeds] -> [losses]: the deviation, over the seeds without a gap, of the mean over families."""
    complete = scores[:, :, ~np.isnan(scores).any((0, 1))]
    return nanstd(over_families(complete.transpose(1, 0, 2), families), 1)
