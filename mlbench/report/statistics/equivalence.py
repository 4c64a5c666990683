"""Better, worse, or equal in practice: differences as shares of what a family has to give, and one rule for all.

A difference of 0.01 is much where the best loss is 0.1 above the floor and little where it is 0.8 above. So it is
divided by the family's span, from the floor to the best loss, and `rope`, the region of practical equivalence, is a
share of that. The 95 % interval of the mean share over families decides: above 0 is better, above −rope no worse,
within ±rope equal in practice; likewise the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlbench.errors import ConfigError
from mlbench.report.data.arrays import Floats, settled
from mlbench.report.statistics.aggregate import LEAST_SPAN
from mlbench.report.statistics.bayes import SignedRank, signed_rank
from mlbench.report.statistics.interval import LEAST_FAMILIES, Interval, mean_interval
from mlbench.report.statistics.leverage import leverage
from mlbench.report.wording import in_percent, listed

ROPE = 0.02
"""The share of a family's span that is too small to matter."""


def check_rope(rope: float | None) -> float:
    """ROPE where none is given; raises ConfigError for what is no share of a span."""
    if rope is None:
        return ROPE
    if not 0 < rope < 1:
        raise ConfigError(
            f"rope = {rope:g}: it is the share of a family's span that counts as no difference, between 0 and 1; "
            f"{ROPE:g} unless given"
        )
    return rope


@dataclass(frozen=True)
class Judged:
    """What the interval of the mean share says of one loss against another."""

    interval: Interval
    families: int
    """How many have a span wide enough."""
    rope: float

    @property
    def better(self) -> bool:
        return self.interval.low > 0

    @property
    def worse(self) -> bool:
        return self.interval.high < 0

    @property
    def no_worse(self) -> bool:
        return self.interval.low > -self.rope

    @property
    def no_better(self) -> bool:
        return self.interval.high < self.rope

    @property
    def equal(self) -> bool:
        """In practice: the whole interval lies within the region."""
        return self.no_worse and self.no_better

    @property
    def slight(self) -> bool:
        """Whether the mean itself lies within the region: of so little nobody asks which family makes it."""
        return abs(self.interval.mean) <= self.rope

    @property
    def word(self) -> str:
        """All that can be said, as a table has it."""
        if self.better or self.worse:
            side = "better" if self.better else "worse"
            if self.equal:
                return f"{side}, but equal"
            beyond = self.interval.low >= self.rope or self.interval.high <= -self.rope
            return f"{side} by {100 * self.rope:g} % or more" if beyond else side
        if self.equal:
            return "equal"
        return "no worse" if self.no_worse else "no better" if self.no_better else "cannot tell"

    @staticmethod
    def legend(rope: float) -> str:
        """What each of these words means."""
        region = f"{100 * rope:g} %"
        return (
            f"Verdicts by the interval of the mean share: better, worse: all of it on one side of 0, by {region} or "
            f"more: all of it beyond the region; equal: all of it within ±{region}; no worse, no better: none of it "
            f"beyond −{region}, +{region}; else cannot tell."
        )

    def sentence(self, first: str, second: str) -> str:
        """The same of two losses by name, with the interval; where there is none, how many families one takes."""
        if self.families < LEAST_FAMILIES:
            say = "family says" if self.families == 1 else "families say"
            return (
                f"{self.families} {say} nothing of others: an interval over families takes {LEAST_FAMILIES}"
            )
        ahead, behind = (
            (first, second) if self.better or (self.no_worse and not self.worse) else (second, first)
        )
        region = f"{100 * self.rope:g} % of a family's span"
        equal = f"the two are practically equal (within {region})"
        if self.better or self.worse:
            text = f"{ahead} is better than {behind}{f', but {equal}' if self.equal else ''}"
        elif self.equal:
            text = equal
        elif self.no_worse or self.no_better:
            text = f"{ahead} is no worse than {behind} (by {region})"
        else:
            text = "cannot tell which is better"
        mean, low, high = map(in_percent, (self.interval.mean, self.interval.low, self.interval.high))
        return (
            f"{text}: {first} − {second} is {mean} % of the span on average (95 % interval {low} to {high} %)"
        )


@dataclass(frozen=True)
class Region:
    """What counts as equal on each family."""

    families: tuple[str, ...]
    spans: Floats
    """[families]: from the floor to the best loss; NaN where no floor is known."""
    rope: float = ROPE
    """The share of a span that is too small to matter."""

    @property
    def wide(self) -> npt.NDArray[np.bool_]:
        """[families]: whose span is large enough to divide by."""
        return np.asarray(self.spans >= LEAST_SPAN)

    @property
    def narrow(self) -> tuple[str, ...]:
        """The other families, which say nothing of losses."""
        return tuple(name for name, wide in zip(self.families, self.wide, strict=True) if not wide)

    @property
    def left_out(self) -> str:
        """Which these are and why; empty where all are wide enough."""
        known = {name: bool(np.isfinite(span)) for name, span in zip(self.families, self.spans, strict=True)}
        why = {
            f"since less than {LEAST_SPAN:g} lies between floor and best": [
                name for name in self.narrow if known[name]
            ],
            "since no floor is known": [name for name in self.narrow if not known[name]],
        }
        return "; ".join(f"{reason}: {listed(names)}" for reason, names in why.items() if names)

    @property
    def points(self) -> tuple[float, float] | None:
        """The region in points of the metric, from the narrowest to the widest family; None where there is none."""
        spans = self.spans[self.wide]
        return (self.rope * float(spans.min()), self.rope * float(spans.max())) if len(spans) else None

    def shares(self, differences: Floats) -> Floats:
        """[families] differences -> [wide families], each divided by its span."""
        return settled(differences[self.wide] / self.spans[self.wide])

    def judge(self, differences: Floats) -> Judged:
        """Of differences [families], positive where the first is better."""
        shares = self.shares(differences)
        found = mean_interval(shares) if len(shares) else Interval(np.nan, -np.inf, np.inf)
        return Judged(found, len(shares), self.rope)

    def carriers(self, differences: Floats) -> tuple[str, ...]:
        """The wide families that make more than half of the mean share each; none where that is slight."""
        judged = self.judge(differences)
        if not judged.families or judged.slight:
            return ()
        wide = [name for name in self.families if name not in self.narrow]
        return leverage(self.shares(differences), wide).carriers

    def bayes(self, differences: Floats) -> SignedRank:
        """The same by the Bayesian signed-rank test."""
        return signed_rank(self.shares(differences), rope=self.rope)
