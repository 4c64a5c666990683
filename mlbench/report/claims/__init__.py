"""What papers claim of losses, each put to the records at hand as the paper tested it.

A claim holds, does not hold, remains open (cannot tell), has its premise absent, or is not testable on these records.
A contributor adds one with a function from the analysis to a `ClaimOutcome`:

    from mlbench.report.claims import contest

    @mlbench.register_claim("mine-beats-bce")
    def mine_beats_bce(analysis):
        \"\"\"My loss beats BCE on mAP. | Me, 2026\"\"\"
        return contest(analysis, "map", ["mine"], ["bce"])

The first line of the docstring is the claim; what follows a bar on it is the source.

Tested elsewhere than in a file of their own name:

    base, contrast, sides: tests/report/claims/test_contest.py
"""

from mlbench.report.claims.base import CheckedClaim, ClaimOutcome, ClaimVerdict, check_claims, claims_table
from mlbench.report.claims.contest import contest

__all__ = ["CheckedClaim", "ClaimOutcome", "ClaimVerdict", "check_claims", "claims_table", "contest"]
