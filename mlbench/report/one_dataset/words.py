"""A verdict in plain words, for a terminal and for the page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlbench.report.one_dataset.settling import MOST_ROWS
from mlbench.report.one_dataset.verdict import UNSETTLED, Relation, Standing, Verdict
from mlbench.report.wording import count, listed

_SAID: tuple[tuple[Relation, str, str], ...] = (
    ("equal", "is practically equal to it", "are practically equal to it"),
    ("open", "cannot be told from it", "cannot be told from it"),
    ("likely", "is likely worse", "are likely worse"),
    ("worse", "is worse", "are worse"),
)


def in_words(verdict: Verdict) -> list[str]:
    """A sentence each: who is best, who equals it, who is worse, what to take, who had not finished learning, what
    would settle the rest."""
    said = [_first(verdict)]
    for relation, singular, plural in _SAID:
        there = verdict.of(relation)
        if there:
            who = listed([apart(each) for each in there], most=30)
            said.append(f"{who} {singular if len(there) == 1 else plural}.")
    said += [f"{loss} has no result: {reason}." for loss, reason in verdict.failed]
    if len(verdict.standings) > 1:
        said.append(_take(verdict))
    return [*said, *_warned(verdict), *_settles(verdict)]


def in_brief(verdict: Verdict) -> str:
    """What to take, and why, in one sentence."""
    return _take(verdict) if len(verdict.standings) > 1 else _first(verdict)


def how_sure(verdict: Verdict) -> str:
    """What the intervals are, and what counts as no difference."""
    region = (
        ""
        if np.isnan(verdict.region)
        else f" A difference up to {verdict.region:.3f} counts as none: {100 * verdict.share:g} % of what lies between "
        "constant scores and the best loss."
    )
    if not verdict.by:
        return f"One seed and no test rows' scores: nothing says how sure a difference is.{region}"
    return (
        f"Intervals are of 95 % and of one comparison each; worse means significantly different from the first one (by "
        f"{verdict.by}, 5 %, Holm over all pairs).{region}"
    )


def _first(verdict: Verdict) -> str:
    best = verdict.best
    where = f"{verdict.measure.title} on {count(verdict.rows, 'test row')}, {count(verdict.seeds, 'seed')}"
    alone = len(verdict.standings) > 1 and all(each.relation == "worse" for each in verdict.standings[1:])
    ahead = "is better than all others" if alone else "comes first"
    if len(verdict.standings) == 1:
        ahead = "is the only loss with a result"
    return f"On {verdict.dataset}, {best.loss} {ahead} ({best.mean:.3f}; {where})."


def apart(each: Standing) -> str:
    """A loss with its difference from the best one and the interval."""
    found = each.difference
    if np.isnan(found.low):
        return f"{each.loss} ({signed(found.mean)})"
    return f"{each.loss} ({signed(found.mean)}, {signed(found.low)} to {signed(found.high)})"


def signed(value: float) -> str:
    """`+0.012`, `−0.003`; what rounds to 0 has no sign."""
    text = f"{value:+.3f}"
    return text.replace("-", "−") if float(text) else text[1:]


def _take(verdict: Verdict) -> str:
    take, best = verdict.take, verdict.best.loss
    equals = [each for each in verdict.standings if each.relation in ("equal", *UNSETTLED)]
    if not equals:
        return f"Take {take}."
    if take == best:
        return f"Take {take}: nothing simpler is as good, by what was measured."
    return f"Take {take}: the simplest of those that are as good, by what was measured."


def _settles(verdict: Verdict) -> Sequence[str]:
    found = verdict.settled
    if found is None:
        return []
    size = f"a difference of {found.size:.3f}"
    if found.rows is None:
        return [
            f"To tell {size} apart takes more than {MOST_ROWS} times the test rows there are: it matters little which "
            "of these is taken."
        ]
    needed = [count(found.rows, "more test row")] if found.rows else []
    needed += [count(found.seeds, "more seed")] if found.seeds else []
    if not needed:
        return [
            f"{size[0].upper()}{size[1:]} would have been found with 80 % power: theirs are smaller, or near it."
        ]
    return [f"About {' and '.join(needed)} would tell {size} apart (80 % power)."]


def _warned(verdict: Verdict) -> Sequence[str]:
    """Of losses that had not finished learning, that it may be their training that was compared."""
    there = [each.loss for each in verdict.standings if each.loss in verdict.rising]
    if not there:
        return []
    rises = (
        f"{listed(there, most=30)} still {'rises' if len(there) == 1 else 'rise'} on validation at the end"
    )
    return [f"Warning: {rises} of training; more epochs may change the order."]
