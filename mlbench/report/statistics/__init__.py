"""What can be said of many losses on few datasets, and how sure it is.

The block of every comparison is a family of datasets, at one fraction, under one metric and one reading.

Tested elsewhere than in a file of their own name:

    blocks: tests/report/statistics/test_aggregate.py
"""

from mlbench.report.statistics.aggregate import (
    Normalised,
    interquartile_mean,
    normalise,
    performance_profile,
)
from mlbench.report.statistics.bayes import SignedRank
from mlbench.report.statistics.best import may_be_best
from mlbench.report.statistics.blocks import Blocks, make_blocks
from mlbench.report.statistics.equivalence import ROPE, Judged, Region, check_rope
from mlbench.report.statistics.frequentist import (
    AgainstControl,
    Friedman,
    against_control,
    critical_difference,
    friedman,
    nemenyi,
    smallest_p,
)
from mlbench.report.statistics.ranks import Ranking, rank_losses
from mlbench.report.statistics.within import Within, within_dataset

__all__ = [
    "ROPE",
    "AgainstControl",
    "Blocks",
    "Friedman",
    "Judged",
    "Normalised",
    "Ranking",
    "Region",
    "SignedRank",
    "Within",
    "against_control",
    "check_rope",
    "critical_difference",
    "friedman",
    "interquartile_mean",
    "make_blocks",
    "may_be_best",
    "nemenyi",
    "normalise",
    "performance_profile",
    "rank_losses",
    "smallest_p",
    "within_dataset",
]
